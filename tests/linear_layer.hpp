/// @file
/// What every ladder that multiplies matrices as a linear layer must get right.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "common/lab/check_rung.hpp"
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

}  // namespace t2t::tests
