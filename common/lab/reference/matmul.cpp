#include "common/lab/reference/matmul.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

namespace {

std::vector<float> absolute(std::span<const float> values) {
    std::vector<float> result;
    for (const float value : values) result.push_back(std::abs(value));
    return result;
}

}  // namespace

std::vector<double> linear(std::span<const float> x, std::span<const float> w,
                           std::span<const float> bias, LinearShape shape) {
    const auto [m, n, k] = shape;
    require(x.size() == static_cast<std::size_t>(m * k), "linear: x must be m x k long");
    require(w.size() == static_cast<std::size_t>(n * k), "linear: w must be n x k long");
    require(bias.empty() || bias.size() == static_cast<std::size_t>(n),
            "linear: the bias must be n long, or empty");
    std::vector<double> y;
    y.reserve(static_cast<std::size_t>(m * n));
    for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
            double sum = bias.empty() ? 0 : bias[j];
            for (std::int64_t l = 0; l < k; ++l) {
                sum += static_cast<double>(x[i * k + l]) * static_cast<double>(w[j * k + l]);
            }
            y.push_back(sum);
        }
    }
    return y;
}

double largest_absolute_sum(std::span<const float> x, std::span<const float> w, LinearShape shape) {
    const std::vector<double> sums = linear(absolute(x), absolute(w), {}, shape);
    return sums.empty() ? 0 : *std::max_element(sums.begin(), sums.end());
}

}  // namespace t2t::lab::reference
