/// @file
/// What the kernels that reduce and scan rows must compute, as plain loops in float64.
#pragma once

#include <span>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// y[row] = the column of the largest element of the row, the first of several; −1 for a row that
/// holds a NaN or has no columns.
/// @param x       [rows, columns]
/// @param extent  rows and columns of x
/// @returns       [rows]
/// @throws std::invalid_argument when x is not rows · columns long
std::vector<double> argmax(std::span<const float> x, Extent extent);

/// y[row, column] = x[row, 0] + … + x[row, column].
/// @param x       [rows, columns]
/// @param extent  rows and columns of x
/// @returns       [rows, columns]
/// @throws std::invalid_argument when x is not rows · columns long
std::vector<double> scan(std::span<const float> x, Extent extent);

}  // namespace t2t::lab::reference
