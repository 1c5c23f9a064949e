/// @file
/// What the tests of numeric types compare with: 8- and 16-bit formats by their definition, and
/// rounding by searching the two neighbours of an exact value. Nothing here uses CUDA's types.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace t2t::conformance {

/// The directions of CUDA's _rn, _rz, _rd and _ru.
enum class Direction { nearest_even, toward_zero, down, up };

inline constexpr Direction directions[] = {Direction::nearest_even, Direction::toward_zero,
                                           Direction::down, Direction::up};

/// A format by its definition: sign, exponent, mantissa, from the top bit down.
struct NarrowFormat {
    int exponent_bits;
    int mantissa_bits;
    int largest;               ///< code of the largest finite value
    bool has_infinity = true;  ///< whether the next code is infinity, or NaN

    int sign_bit() const { return 1 << (exponent_bits + mantissa_bits); }

    /// The value of a code, in float64.
    double value(int code) const {
        const int magnitude = code & (sign_bit() - 1);
        const double sign = code & sign_bit() ? -1 : 1;
        if (magnitude > largest) {
            return has_infinity && magnitude == largest + 1 ? sign * INFINITY : NAN;
        }
        return sign * ladder(magnitude);
    }

    /// The value that `magnitude` would have if no code stood for infinity or NaN.
    double ladder(int magnitude) const {
        const int bias = (1 << (exponent_bits - 1)) - 1;
        const int exponent = magnitude >> mantissa_bits;
        const int mantissa = magnitude & ((1 << mantissa_bits) - 1);
        const int one = exponent == 0 ? 0 : 1 << mantissa_bits;
        return std::ldexp(one + mantissa, std::max(exponent, 1) - bias - mantissa_bits);
    }
};

inline const NarrowFormat half_format{5, 10, 0x7bff};
inline const NarrowFormat bfloat16_format{8, 7, 0x7f7f};
inline const NarrowFormat e4m3_format{4, 3, 0x7e, false};
inline const NarrowFormat e5m2_format{5, 2, 0x7b};

/// The code that a finite exact value rounds to. @param compare the sign of (exact value − a given
/// double)
template <typename Compare>
int round_exact(const NarrowFormat& format, Direction direction, bool negative, Compare&& compare) {
    // The sign of (magnitude of the exact value − magnitude).
    const auto against = [&](double magnitude) {
        return negative ? -compare(-magnitude) : compare(magnitude);
    };
    int below = 0;  // the largest code that is not above the magnitude
    for (int step = format.sign_bit() / 2; step > 0; step /= 2) {
        const int next = below + step;
        if (next <= format.largest && against(format.ladder(next)) >= 0) below = next;
    }
    bool away = false;
    if (against(format.ladder(below)) != 0) {
        const int side = against((format.ladder(below) + format.ladder(below + 1)) / 2);
        if (direction == Direction::nearest_even) away = side > 0 || (side == 0 && below % 2 == 1);
        if (direction == Direction::down) away = negative;
        if (direction == Direction::up) away = !negative;
    }
    return below + away + (negative ? format.sign_bit() : 0);
}

/// The code that `exact` rounds to; −1 for NaN, which has many.
inline int round_double(const NarrowFormat& format, Direction direction, double exact) {
    if (std::isnan(exact)) return -1;
    const bool negative = std::signbit(exact);
    if (std::isinf(exact)) return format.largest + 1 + (negative ? format.sign_bit() : 0);
    return round_exact(format, direction, negative, [&](double v) {
        return exact < v ? -1 : exact > v ? 1 : 0;
    });
}

/// The code that the sum of integers·2^−48, `units`, rounds to; 0 is +0.
inline int round_units(const NarrowFormat& format, __int128 units) {
    return round_exact(format, Direction::nearest_even, units < 0, [&](double v) {
        const double scaled = std::ldexp(v, 48);
        if (std::abs(scaled) > 0x1p125) return scaled > 0 ? -1 : 1;
        const double floor = std::floor(scaled);
        const auto whole = static_cast<__int128>(floor);
        if (units != whole) return units < whole ? -1 : 1;
        return scaled > floor ? -1 : 0;
    });
}

/// `value` rounded to a whole number and held to what Integer can be.
/// @param of_nan what NaN becomes
template <typename Integer>
Integer round_to_integer(double value, Direction direction, Integer of_nan) {
    using Limits = std::numeric_limits<Integer>;
    if (std::isnan(value)) return of_nan;
    double whole = std::floor(value);
    const double rest = value - whole;
    const bool odd = std::fmod(whole, 2) != 0;
    if (direction == Direction::nearest_even) whole += rest > 0.5 || (rest == 0.5 && odd);
    if (direction == Direction::toward_zero) whole += rest > 0 && value < 0;
    if (direction == Direction::up) whole += rest > 0;
    if (whole < static_cast<double>(Limits::min())) return Limits::min();
    if (whole >= 2 * std::ldexp(1.0, Limits::digits - 1)) return Limits::max();
    return static_cast<Integer>(whole);
}

/// Whether `got` is the code `want`, or any NaN where `want` is one.
inline bool same_code(const NarrowFormat& format, int got, int want) {
    const bool want_nan = want == -1 || std::isnan(format.value(want));
    return want_nan ? std::isnan(format.value(got)) : got == want;
}

/// Values that are hard to round to `format`: all its codes, the ties between neighbours, what lies
/// next to them on either side, what overflows, and random bits.
template <typename Real>
std::vector<Real> rounding_cases(const NarrowFormat& format) {
    std::vector<Real> values;
    const auto add = [&](Real v) {
        values.push_back(v);
        values.push_back(-v);
    };
    for (int code = 0; code <= format.largest; ++code) {
        const auto tie = static_cast<Real>((format.ladder(code) + format.ladder(code + 1)) / 2);
        add(static_cast<Real>(format.ladder(code)));
        add(tie);
        add(std::nextafter(tie, Real(0)));
        add(std::nextafter(tie, std::numeric_limits<Real>::infinity()));
    }
    add(std::numeric_limits<Real>::max());
    add(std::numeric_limits<Real>::min());
    add(std::numeric_limits<Real>::denorm_min());
    add(std::numeric_limits<Real>::infinity());
    add(std::numeric_limits<Real>::quiet_NaN());
    // NaNs whose upper bits alone are those of infinity, or carry into the sign when rounded.
    if constexpr (sizeof(Real) == 4) {
        add(__builtin_bit_cast(Real, 0x7f80'0001u));
        add(__builtin_bit_cast(Real, 0x7fff'ffffu));
    } else {
        add(__builtin_bit_cast(Real, 0x7ff0'0000'0000'0001ull));
        add(__builtin_bit_cast(Real, 0x7fff'ffff'ffff'ffffull));
    }
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const int exponent = static_cast<int>(random() % 300) - 160;
        add(static_cast<Real>(std::ldexp(static_cast<double>(random() >> 11), exponent - 53)));
    }
    return values;
}

}  // namespace t2t::conformance
