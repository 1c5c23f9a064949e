/// @file
/// What the softmax kernels must compute, as plain loops in float64.
#pragma once

#include <span>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// y[row, column] = exp(x[row, column] − m) / Σ exp(x[row, ·] − m), with m the row's largest
/// element. A row that holds a NaN or +∞ becomes NaN throughout, a row of nothing but −∞ becomes 0.
/// @param x       [rows, columns]
/// @param extent  rows and columns of x
/// @returns       [rows, columns]
/// @throws std::invalid_argument when x is not rows · columns long
std::vector<double> softmax(std::span<const float> x, Extent extent);

}  // namespace t2t::lab::reference
