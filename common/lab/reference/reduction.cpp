#include "common/lab/reference/reduction.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace t2t::lab::reference {

namespace {

void require_length(const char* operation, std::size_t length, Extent extent) {
    if (length != extent.count()) {
        throw std::invalid_argument(std::string("reference ") + operation +
                                    ": x must be rows x columns long");
    }
}

}  // namespace

std::vector<double> argmax(std::span<const float> x, Extent extent) {
    require_length("argmax", x.size(), extent);
    std::vector<double> y;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        std::int64_t best = -1;
        bool any_nan = false;
        for (std::int64_t column = 0; column < extent.columns; ++column) {
            const float value = x[row * extent.columns + column];
            any_nan = any_nan || std::isnan(value);
            if (best < 0 || value > x[row * extent.columns + best]) best = column;
        }
        y.push_back(any_nan ? -1 : static_cast<double>(best));
    }
    return y;
}

std::vector<double> scan(std::span<const float> x, Extent extent) {
    require_length("scan", x.size(), extent);
    std::vector<double> y;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        double sum = 0;
        for (std::int64_t column = 0; column < extent.columns; ++column) {
            sum += x[row * extent.columns + column];
            y.push_back(sum);
        }
    }
    return y;
}

}  // namespace t2t::lab::reference
