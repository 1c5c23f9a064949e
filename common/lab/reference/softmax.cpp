#include "common/lab/reference/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace t2t::lab::reference {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> softmax_of_row(std::span<const float> x) {
    const bool has_distribution =
        std::none_of(x.begin(), x.end(), [](float v) { return std::isnan(v) || v == infinity; });
    if (!has_distribution) {
        return std::vector<double>(x.size(), std::numeric_limits<double>::quiet_NaN());
    }
    const double largest = x.empty() ? 0 : *std::max_element(x.begin(), x.end());
    std::vector<double> y(x.size(), 0);
    if (largest == -infinity) return y;
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        y[i] = std::exp(x[i] - largest);
        sum += y[i];
    }
    for (double& value : y) value /= sum;
    return y;
}

}  // namespace

std::vector<double> softmax(std::span<const float> x, Extent extent) {
    if (x.size() != extent.count()) {
        throw std::invalid_argument("reference softmax: x must be rows x columns long");
    }
    std::vector<double> y;
    const auto columns = static_cast<std::size_t>(extent.columns);
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        const auto row_of_y =
            softmax_of_row(x.subspan(static_cast<std::size_t>(row) * columns, columns));
        y.insert(y.end(), row_of_y.begin(), row_of_y.end());
    }
    return y;
}

}  // namespace t2t::lab::reference
