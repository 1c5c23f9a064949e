#include "common/lab/reference/activation.hpp"

#include <algorithm>
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

double activation(ActivationFunction function, double x) {
    const double cubic = x + 0.044715 * x * x * x;
    switch (function) {
        case ActivationFunction::gelu_tanh:
            return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * cubic));
        case ActivationFunction::gelu_erf:
            // 1 + erf(z) = erfc(−z), which does not cancel left of 0.
            return x / 2 * std::erfc(-x / std::numbers::sqrt2);
        case ActivationFunction::gelu_quick:
            return x / (1 + std::exp(-1.702 * x));
        case ActivationFunction::silu:
            return x / (1 + std::exp(-x));
        case ActivationFunction::relu:
            return std::isnan(x) ? x : std::max(x, 0.0);
        case ActivationFunction::tanh:
            return std::tanh(x);
    }
    throw std::invalid_argument("reference activation: no such function");
}

std::vector<double> activation(ActivationFunction function, std::span<const float> x) {
    std::vector<double> y;
    y.reserve(x.size());
    for (const double value : x) y.push_back(activation(function, value));
    return y;
}

std::vector<double> swiglu(std::span<const float> gate_up, Extent extent,
                           ActivationFunction function) {
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
            y.push_back(activation(function, gate) * up);
        }
    }
    return y;
}

}  // namespace t2t::lab::reference
