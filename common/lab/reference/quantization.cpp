#include "common/lab/reference/quantization.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace t2t::lab::reference {

std::vector<double> round_to_bf16(std::span<const float> x) {
    constexpr int mantissa_bits = 7;
    constexpr int smallest_exponent = -126;  // of a normal value
    const double largest = std::ldexp(2 - std::ldexp(1, -mantissa_bits), 127);
    std::vector<double> y;
    for (const double value : x) {
        if (value == 0 || !std::isfinite(value)) {
            y.push_back(value);
            continue;
        }
        const int exponent = std::max(std::ilogb(value), smallest_exponent);
        const double spacing = std::ldexp(1, exponent - mantissa_bits);
        // std::nearbyint rounds ties to even, and a power of two divides and multiplies exactly.
        const double rounded = std::nearbyint(value / spacing) * spacing;
        const double infinity = std::copysign(std::numeric_limits<double>::infinity(), value);
        y.push_back(std::abs(rounded) <= largest ? rounded : infinity);
    }
    return y;
}

}  // namespace t2t::lab::reference
