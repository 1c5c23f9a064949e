/// @file
/// Normalization of rows as plain loops in float64. No reference shares code with a kernel.
#pragma once

#include <span>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// y[r, c] = (x[r, c] − μᵣ) / √(σᵣ² + ε) · weight[c] + bias[c], with μᵣ the mean of row r and σᵣ²
/// the mean of its squared distances from μᵣ.
/// @param x        [rows, columns]
/// @param weight   [columns]
/// @param bias     [columns]
/// @param extent   rows and columns of x
/// @param epsilon  added under the root
/// @returns        [rows, columns]
/// @throws std::invalid_argument when a length does not match the extent
std::vector<double> layer_norm(std::span<const float> x, std::span<const float> weight,
                               std::span<const float> bias, Extent extent, double epsilon);

/// y[r, c] = x[r, c] / √(mean of x[r, ·]² + ε) · weight[c].
/// @param x        [rows, columns]
/// @param weight   [columns]
/// @param extent   rows and columns of x
/// @param epsilon  added under the root
/// @returns        [rows, columns]
/// @throws std::invalid_argument when a length does not match the extent
std::vector<double> rms_norm(std::span<const float> x, std::span<const float> weight, Extent extent,
                             double epsilon);

}  // namespace t2t::lab::reference
