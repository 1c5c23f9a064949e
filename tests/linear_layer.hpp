/// @file
/// What every ladder that multiplies matrices as a linear layer must get right.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "chapters/05_matmul/matmul.cuh"
#include "common/lab/check_rung.hpp"
#include "common/lab/guarded_buffer.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/matmul.hpp"
#include "tests/refusal.hpp"
#include "tests/widened.hpp"

namespace t2t::tests {

using lab::reference::LinearShape;

/// The operands of y[m, n] = bias + residual + x[m, k] · w[n, k]ᵀ.
template <typename T, typename Weight>
struct LinearLayer {
    LinearShape shape;
    std::vector<T> x;               ///< [m, k]
    std::vector<Weight> w;          ///< [n, k]
    std::vector<float> bias{};      ///< [n], or empty for none
    std::vector<float> residual{};  ///< [m, n], or empty for none
};

/// What is added to the products.
enum class Addends { none, bias, bias_and_residual };

/// Random operands with a mean and a spread, so that sums grow and products differ in sign.
template <typename T, typename Weight>
LinearLayer<T, Weight> random_layer(LinearShape shape, Addends addends) {
    const auto seed = lab::test_seed();
    LinearLayer<T, Weight> layer{shape, lab::normal<T>(shape.m * shape.k, 0.5, 1, seed),
                                 lab::normal<Weight>(shape.n * shape.k, -0.2, 1, seed + 1)};
    if (addends != Addends::none) layer.bias = lab::normal(shape.n, 3, 2, seed + 2);
    if (addends == Addends::bias_and_residual) {
        layer.residual = lab::normal(shape.m * shape.n, -2, 3, seed + 3);
    }
    return layer;
}

/// Operands that are small whole numbers: every sum is exact in fp32, in whatever order.
template <typename T, typename Weight>
LinearLayer<T, Weight> whole_layer(LinearShape shape) {
    const auto seed = lab::test_seed();
    return {shape, lab::integers<T>(shape.m * shape.k, -8, 9, seed),
            lab::integers<Weight>(shape.n * shape.k, -9, 8, seed + 1),
            lab::integers<float>(shape.n, -100, 100, seed + 2)};
}

/// For sums whose order is the kernel's business.
template <typename T, typename Weight>
lab::Tolerance tolerance_of(const LinearLayer<T, Weight>& layer) {
    const double epsilon = std::numeric_limits<float>::epsilon();
    const double largest =
        lab::reference::largest_absolute_sum(widened(layer.x), widened(layer.w), layer.shape) +
        30;  // more than any bias and residual
    return lab::Tolerance::relative_to_scale(
        epsilon * std::sqrt(static_cast<double>(layer.shape.k + 1)) * largest,
        "ε·√(k+1)·Σ|x·w|: k + 1 roundings of partial sums no larger than the sum of all sizes, "
        "growing like a random walk");
}

/// Whether y is the residual's own memory.
enum class InPlace { no, yes };

/// Runs `rung` on the operands and compares y with the float64 reference.
template <typename T, typename Weight>
lab::Comparison check_layer(std::string_view operation, const Rung<matmul::Linear<T, Weight>>& rung,
                            const LinearLayer<T, Weight>& layer, const lab::Tolerance& tolerance,
                            InPlace in_place = InPlace::no) {
    lab::RungCheck check(operation, rung.name);
    matmul::Linear<T, Weight> op{.x = check.input("x", layer.x),
                                 .w = {check.input("w", layer.w), layer.shape.n, layer.shape.k},
                                 .m = layer.shape.m};
    std::vector<double> expected =
        lab::reference::linear(widened(layer.x), widened(layer.w), layer.bias, layer.shape);
    for (std::size_t i = 0; i < layer.residual.size(); ++i) expected[i] += layer.residual[i];
    const lab::Expected y{std::move(expected), {layer.shape.m, layer.shape.n}, tolerance};
    if (!layer.bias.empty()) op.bias = check.input("bias", layer.bias);
    if (in_place == InPlace::yes) {
        op.y = check.in_out<float>("y", layer.residual, y);
        op.residual = op.y;
    } else {
        if (!layer.residual.empty()) op.residual = check.input("residual", layer.residual);
        op.y = check.output<float>("y", y);
    }
    return check.run(rung, op);
}

/// Adds to what y holds: the residual stream of a transformer.
template <typename T, typename Weight>
void expect_a_residual_in_place(std::string_view operation,
                                const Rung<matmul::Linear<T, Weight>>& rung) {
    for (const LinearShape& shape : {LinearShape{1, 2, 3}, {35, 70, 129}, {64, 96, 64}}) {
        const auto layer = random_layer<T, Weight>(shape, Addends::bias_and_residual);
        const auto result = check_layer(operation, rung, layer, tolerance_of(layer), InPlace::yes);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

/// Without rows or without columns there is nothing to do, and the pointers may be null.
template <typename T, typename Weight>
void expect_nothing_for_an_empty_result(const Rung<matmul::Linear<T, Weight>>& rung) {
    EXPECT_NO_THROW(rung.run({.w = {nullptr, 3, 4}, .m = 0}, nullptr));
    EXPECT_NO_THROW(rung.run({.w = {nullptr, 0, 4}, .m = 3}, nullptr));
}

/// Sizes that are negative, overflow or need too many blocks, null pointers, and misaligned ones. The
/// sentence names the field.
template <typename T, typename Weight>
void expect_refusal_of_bad_arguments(const Rung<matmul::Linear<T, Weight>>& rung) {
    using Op = matmul::Linear<T, Weight>;
    lab::GuardedBuffer<T> x(64);
    lab::GuardedBuffer<Weight> w(64);
    lab::GuardedBuffer<float> bias(64), residual(64), y(64);
    const Op good{.x = x.data(),
                  .w = {w.data(), 8, 8},
                  .bias = bias.data(),
                  .residual = residual.data(),
                  .y = y.data(),
                  .m = 4};
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = good;
        spoil(bad);
        expect_refusal(rung, bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("linear: m is -1; a size is 0 or more", [](Op& op) { op.m = -1; });
    refuses("linear: n is -1; a size is 0 or more", [](Op& op) { op.w.rows = -1; });
    refuses("linear: k is -1; a size is 0 or more", [](Op& op) { op.w.columns = -1; });
    refuses("m (", [](Op& op) { op.m = most / 8; });
    refuses("n (", [](Op& op) { op.w.rows = most / 8; });
    refuses("do not fit a 64-bit offset", [](Op& op) {
        op.m = 1L << 32;
        op.w = {op.w.values, 1L << 32, 0};
    });
    refuses("blocks", [](Op& op) {
        op.m = 1L << 40;
        op.w = {op.w.values, 1, 0};
    });
    refuses("linear: x is null", [](Op& op) { op.x = nullptr; });
    refuses("linear: w is null", [](Op& op) { op.w.values = nullptr; });
    refuses("linear: y is null", [](Op& op) { op.y = nullptr; });
    refuses("linear: x is not aligned", [](Op& op) { op.x += 1; });
    refuses("linear: w is not aligned", [](Op& op) { op.w.values += 1; });
    refuses("linear: bias is not aligned", [](Op& op) { op.bias += 2; });
    refuses("linear: residual is not aligned", [](Op& op) { op.residual += 1; });
    refuses("linear: y is not aligned", [](Op& op) { op.y += 3; });
    EXPECT_TRUE(y.unchanged()) << "a refused call has written";
}

}  // namespace t2t::tests
