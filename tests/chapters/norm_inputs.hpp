/// @file
/// Rows to be normalised, and how far off their norms may be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/tolerance.hpp"

namespace t2t::tests {

/// What is added under the root.
inline constexpr float under_root = 1e-5f;
/// From 1 to the next float.
inline constexpr double epsilon = 0x1p-23;
/// Rounding to T is off by at most this share of the value, and bf16 has 8 bits.
template <typename T>
inline constexpr double rounding = sizeof(T) == 2 ? 0x1p-8 : 0x1p-24;

/// Values around `mean`; the rows' own means differ by a few deviations.
inline std::vector<float> rows_around(double mean, lab::Extent extent) {
    const auto centres = lab::normal(extent.rows, mean, 3, lab::test_seed() + 1);
    auto values = lab::normal(extent.rows * extent.columns, 0, 1, lab::test_seed());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] += centres[i / static_cast<std::size_t>(extent.columns)];
    }
    return values;
}

/// A norm's weight, [width].
inline std::vector<float> weights(std::int64_t width) {
    return lab::uniform(width, 0.5, 1.5, lab::test_seed() + 2);
}

/// A LayerNorm's bias, [width].
inline std::vector<float> biases(std::int64_t width) {
    return lab::uniform(width, -1, 1, lab::test_seed() + 3);
}

/// For a LayerNorm of `x` with y in T.
///
/// The sum of a row is off by about ε · √width of its size, and with it the mean by as much of |μ|.
/// That shifts y by so much over σ. The rest of the arithmetic is off by a few ε of |x − μ| / σ.
template <typename T>
lab::Tolerance layer_norm_tolerance(const std::vector<float>& x, lab::Extent extent,
                                    const std::vector<double>& expected) {
    double size = 0;  // the largest |x| in units of its row's σ
    const auto columns = static_cast<std::size_t>(extent.columns);
    for (std::size_t begin = 0; begin < x.size(); begin += columns) {
        double most = 0, mean = 0, variance = 0;
        for (std::size_t c = 0; c < columns; ++c) {
            const double value = x[begin + c];
            most = std::max(most, std::abs(value));
            mean += value / extent.columns;
        }
        for (std::size_t c = 0; c < columns; ++c) {
            const double distance = x[begin + c] - mean;
            variance += distance * distance / extent.columns;
        }
        size = std::max(size, most / std::sqrt(variance + under_root));
    }
    double largest = 0;
    for (const double y : expected) largest = std::max(largest, std::abs(y));
    constexpr double largest_weight = 1.5;
    return lab::Tolerance::relative_to_scale(
        epsilon * (std::sqrt(extent.columns) + 2) * size * largest_weight +
            (4 * epsilon + rounding<T>)*largest,
        "eps * sqrt(width) of the row's size over its deviation, times the weight; a few eps and "
        "the rounding to the type of y");
}

/// For an RMSNorm of rows of `width` with y in T. All squares are positive: their sum is off by a share of
/// itself, and so is y.
template <typename T>
lab::Tolerance rms_norm_tolerance(std::int64_t width) {
    return lab::Tolerance::relative_to_value(
        epsilon * (std::sqrt(width) / 2 + 4) + rounding<T>,
        "half of eps * sqrt(width) of the sum under the root, four roundings to fp32 and one to "
        "the type of y");
}

}  // namespace t2t::tests
