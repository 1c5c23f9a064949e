/// @file
/// A linear layer in float64: what matrix products are compared with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace t2t::lab::reference {

/// Sizes of a linear layer.
struct LinearShape {
    std::int64_t m = 0;  ///< rows of x: the tokens
    std::int64_t n = 0;  ///< rows of w: the layer's outputs
    std::int64_t k = 0;  ///< columns of x and w: the layer's inputs
};

/// y[i, j] = bias[j] + Σₖ x[i, k] · w[j, k].
/// @param x      [m, k]
/// @param w      [n, k]
/// @param bias   [n], or empty for none
/// @param shape  m, n and k
/// @returns      [m, n]
/// @throws std::invalid_argument when a length does not fit the shape
std::vector<double> linear(std::span<const float> x, std::span<const float> w,
                           std::span<const float> bias, LinearShape shape);

/// Σₖ |x[i, k] · w[j, k]| of the output where it is largest: no partial sum of any output is
/// larger, so rounding errors are a share of this.
/// @param x      [m, k]
/// @param w      [n, k]
/// @param shape  m, n and k
/// @returns      0 when there is no output or no product
/// @throws std::invalid_argument when a length does not fit the shape
double largest_absolute_sum(std::span<const float> x, std::span<const float> w, LinearShape shape);

}  // namespace t2t::lab::reference
