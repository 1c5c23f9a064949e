#include "common/lab/reference/normalization.hpp"

#include <cmath>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

std::vector<double> layer_norm(std::span<const float> x, std::span<const float> weight,
                               std::span<const float> bias, Extent extent, double epsilon) {
    const auto columns = static_cast<std::size_t>(extent.columns);
    require(x.size() == extent.count(), "layer_norm: x must be rows x columns long");
    require(weight.size() == columns, "layer_norm: weight must be columns long");
    require(bias.size() == columns, "layer_norm: bias must be columns long");
    std::vector<double> y;
    y.reserve(x.size());
    for (std::int64_t r = 0; r < extent.rows; ++r) {
        const auto row = x.subspan(r * columns, columns);
        double mean = 0;
        for (const double value : row) mean += value / extent.columns;
        double variance = 0;
        for (const double value : row) variance += (value - mean) * (value - mean) / extent.columns;
        const double deviation = std::sqrt(variance + epsilon);
        for (std::size_t c = 0; c < columns; ++c) {
            y.push_back((row[c] - mean) / deviation * weight[c] + bias[c]);
        }
    }
    return y;
}

std::vector<double> rms_norm(std::span<const float> x, std::span<const float> weight, Extent extent,
                             double epsilon) {
    const auto columns = static_cast<std::size_t>(extent.columns);
    require(x.size() == extent.count(), "rms_norm: x must be rows x columns long");
    require(weight.size() == columns, "rms_norm: weight must be columns long");
    std::vector<double> y;
    y.reserve(x.size());
    for (std::int64_t r = 0; r < extent.rows; ++r) {
        const auto row = x.subspan(r * columns, columns);
        double mean_square = 0;
        for (const double value : row) mean_square += value * value / extent.columns;
        const double root = std::sqrt(mean_square + epsilon);
        for (std::size_t c = 0; c < columns; ++c) y.push_back(row[c] / root * weight[c]);
    }
    return y;
}

}  // namespace t2t::lab::reference
