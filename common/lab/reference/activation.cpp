#include "common/lab/reference/activation.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace t2t::lab::reference {

std::vector<double> gelu(std::span<const float> x) {
    const double scale = std::sqrt(2 / std::numbers::pi);
    std::vector<double> y;
    y.reserve(x.size());
    for (const double value : x) {
        const double cubic = value + 0.044715 * value * value * value;
        y.push_back(value / 2 * (1 + std::tanh(scale * cubic)));
    }
    return y;
}

std::vector<double> swiglu(std::span<const float> gate_up, Extent extent) {
    if (gate_up.size() != 2 * extent.count()) {
        throw std::invalid_argument(
            "reference swiglu: gate_up must be rows x twice the columns long");
    }
    std::vector<double> y;
    y.reserve(extent.count());
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        for (std::int64_t column = 0; column < extent.columns; ++column) {
            const double gate = gate_up[row * 2 * extent.columns + column];
            const double up = gate_up[(row * 2 + 1) * extent.columns + column];
            y.push_back(gate / (1 + std::exp(-gate)) * up);
        }
    }
    return y;
}

}  // namespace t2t::lab::reference
