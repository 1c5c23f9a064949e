/// @file
/// What every ladder that multiplies matrices as a linear layer must get right.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "common/lab/check_rung.hpp"
#include "common/lab/guarded_buffer.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/matmul.hpp"

namespace t2t::tests {

using lab::reference::LinearShape;

/// Values as floats; bf16 values fit exactly.
template <typename T>
std::vector<float> widened(const std::vector<T>& values) {
    std::vector<float> result;
    result.reserve(values.size());
    for (const T& value : values) result.push_back(static_cast<float>(value));
    return result;
}

/// The operands of y[m, n] = bias + x[m, k] · w[n, k]ᵀ.
template <typename T, typename Weight>
struct LinearLayer {
    LinearShape shape;
    std::vector<T> x;           ///< [m, k]
    std::vector<Weight> w;      ///< [n, k]
    std::vector<float> bias{};  ///< [n], or empty for none
};

/// Random operands with a mean and a spread, so that sums grow and products differ in sign.
template <typename T, typename Weight>
LinearLayer<T, Weight> random_layer(LinearShape shape, bool with_bias) {
    const auto seed = lab::test_seed();
    LinearLayer<T, Weight> layer{shape, lab::normal<T>(shape.m * shape.k, 0.5, 1, seed),
                                 lab::normal<Weight>(shape.n * shape.k, -0.2, 1, seed + 1)};
    if (with_bias) layer.bias = lab::normal(shape.n, 3, 2, seed + 2);
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
        10;  // more than any bias
    return lab::Tolerance::relative_to_scale(
        epsilon * std::sqrt(static_cast<double>(layer.shape.k + 1)) * largest,
        "ε·√(k+1)·Σ|x·w|: k + 1 roundings of partial sums no larger than the sum of all sizes, "
        "growing like a random walk");
}

/// Runs `launch(x, w, bias, y)` on the operands and compares y with the float64 reference.
template <typename T, typename Weight, typename Launch>
lab::Comparison check_layer(std::string_view operation, std::string_view rung,
                            const LinearLayer<T, Weight>& layer, const lab::Tolerance& tolerance,
                            Launch launch) {
    lab::RungCheck check(operation, rung);
    const T* x = check.input("x", layer.x);
    const Weight* w = check.input("w", layer.w);
    const float* bias = layer.bias.empty() ? nullptr : check.input("bias", layer.bias);
    float* y = check.output<float>(
        "y", {lab::reference::linear(widened(layer.x), widened(layer.w), layer.bias, layer.shape),
              {layer.shape.m, layer.shape.n},
              tolerance});
    return check.run([&] { launch(x, w, bias, y); });
}

/// A launcher of such a ladder.
template <typename T, typename Weight, typename Shape>
using LinearRun = void(const T* x, const Weight* w, const float* bias, float* y, Shape shape,
                       cudaStream_t stream);

/// Without rows or without columns there is nothing to do, and the pointers may be null.
template <typename T, typename Weight, typename Shape>
void expect_nothing_for_an_empty_result(LinearRun<T, Weight, Shape>* run) {
    EXPECT_NO_THROW(run(nullptr, nullptr, nullptr, nullptr, {0, 3, 4}, nullptr));
    EXPECT_NO_THROW(run(nullptr, nullptr, nullptr, nullptr, {3, 0, 4}, nullptr));
}

/// Sizes that are negative, overflow or need too many blocks, null pointers, and misaligned ones.
template <typename T, typename Weight, typename Shape>
void expect_refusal_of_bad_arguments(LinearRun<T, Weight, Shape>* run) {
    lab::GuardedBuffer<T> x_buffer(64);
    lab::GuardedBuffer<Weight> w_buffer(64);
    lab::GuardedBuffer<float> bias_buffer(64);
    lab::GuardedBuffer<float> output(64);
    const T* x = x_buffer.data();
    const Weight* w = w_buffer.data();
    const float* bias = bias_buffer.data();
    float* y = output.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_THROW(run(x, w, bias, y, {-1, 4, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {4, -1, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {4, 8, -1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {most / 8, 1, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {1, most / 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {1L << 32, 1L << 32, 0}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y, {1L << 40, 1, 0}, nullptr), std::invalid_argument);  // blocks
    EXPECT_THROW(run(nullptr, w, bias, y, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, nullptr, bias, y, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, nullptr, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x + 1, w, bias, y, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w + 1, bias, y, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias + 2, y, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, w, bias, y + 3, {4, 8, 8}, nullptr), std::invalid_argument);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace t2t::tests
