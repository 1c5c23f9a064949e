/// @file
/// What fused kernels must compute: references of plain operations, one after the other. Between two of them
/// values are rounded to fp32, as the operations' contracts have it.
#pragma once

#include <span>
#include <vector>

#include "common/lab/extent.hpp"
#include "common/lab/reference/matmul.hpp"

namespace t2t::lab::reference {

/// `values` rounded to fp32: the input of the next operation.
std::vector<float> to_floats(std::span<const double> values);

/// layer_norm(), or rms_norm() where `bias` is empty.
/// @param x        [rows, columns]
/// @param weight   [columns]
/// @param bias     [columns], or empty
/// @param extent   rows and columns of x
/// @param epsilon  added under the root
/// @returns        [rows, columns]
/// @throws std::invalid_argument when a length does not match the extent
std::vector<double> norm(std::span<const float> x, std::span<const float> weight,
                         std::span<const float> bias, Extent extent, double epsilon);

/// linear() of normed rows.
/// @param x            [m, k]
/// @param weight       [k], the norm's
/// @param norm_bias    [k], the norm's, or empty for rms_norm()
/// @param epsilon      added under the root
/// @param w            [n, k]
/// @param linear_bias  [n], the layer's, or empty for none
/// @param shape        m, n and k
/// @returns            [m, n]
/// @throws std::invalid_argument when a length does not fit the shape
std::vector<double> norm_linear(std::span<const float> x, std::span<const float> weight,
                                std::span<const float> norm_bias, double epsilon,
                                std::span<const float> w, std::span<const float> linear_bias,
                                LinearShape shape);

}  // namespace t2t::lab::reference
