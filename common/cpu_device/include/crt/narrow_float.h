/// @file
/// Floating-point formats of 8 and 16 bits: from a double to their bits, and back to a float.
#pragma once

#include "common/cpu_device/observer/log/marks.hpp"
#include "crt/rounding.h"

namespace t2t::cpu_device {

/// A format of one sign bit, `exponent_bits` and `mantissa_bits`.
struct Format {
    int exponent_bits;
    int mantissa_bits;
    /// Bits of the largest finite value; the next code is infinity, or NaN if there is none.
    unsigned largest;

    /// What is added to the exponent before it is stored.
    constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
    /// The sign bit alone.
    constexpr unsigned sign() const { return 1u << (exponent_bits + mantissa_bits); }
    /// The NaN that CUDA writes: all ones but the sign.
    constexpr unsigned nan() const { return sign() - 1; }
};

inline constexpr Format fp16{5, 10, 0x7bff};
inline constexpr Format bf16{8, 7, 0x7f7f};
inline constexpr Format fp8_e4m3{4, 3,
                                 0x7e};  ///< no infinity: the code after the largest value is NaN
inline constexpr Format fp8_e5m2{5, 2, 0x7b};

/// The bits of `value` in `format`, rounded once in direction `mode`, in integer arithmetic alone.
template <const Format& format, Rounding mode = Rounding::nearest_even>
constexpr unsigned encode(double value) {
    const auto bits = __builtin_bit_cast(unsigned long long, value);
    const bool negative = bits >> 63;
    const unsigned long long magnitude = bits & ~(1ull << 63);
    const unsigned sign = negative ? format.sign() : 0;
    if (magnitude > 0x7ff0'0000'0000'0000) return format.nan();
    if (magnitude == 0x7ff0'0000'0000'0000) return sign | (format.largest + 1);
    if (magnitude == 0) return sign;

    const int exponent = static_cast<int>(magnitude >> 52) - 1023;
    const unsigned long long significand = (magnitude & ((1ull << 52) - 1)) | (1ull << 52);

    // A value below the format's normal range loses one more bit for each power of two that it is
    // below.
    const int smallest_exponent = 1 - format.bias();
    const int below = exponent < smallest_exponent ? smallest_exponent - exponent : 0;
    const int wanted = 52 - format.mantissa_bits + below;
    const int dropped_bits = wanted < 63 ? wanted : 63;
    const unsigned long long kept = significand >> dropped_bits;
    const unsigned long long dropped = significand & ((1ull << dropped_bits) - 1);
    const unsigned long long half = 1ull << (dropped_bits - 1);

    bool away = false;  // from zero
    if (mode == Rounding::nearest_even) away = dropped > half || (dropped == half && kept % 2 == 1);
    if (mode == Rounding::down) away = negative && dropped != 0;
    if (mode == Rounding::up) away = !negative && dropped != 0;

    // The leading one of a normal value, and a carry out of the mantissa, add one to the exponent's
    // field.
    const int field = below > 0 ? 0 : exponent - smallest_exponent;
    const unsigned long long code =
        (static_cast<unsigned long long>(field) << format.mantissa_bits) + kept + away;
    if (code <= format.largest) return sign | static_cast<unsigned>(code);
    const bool to_infinity = mode == Rounding::nearest_even ||
                             (mode == Rounding::down && negative) ||
                             (mode == Rounding::up && !negative);
    return sign | (to_infinity ? format.largest + 1 : format.largest);
}

/// The value of `code` in `format`: exact, since a float has room for every value of these formats.
template <const Format& format>
constexpr float decode(unsigned code) {
    // The fields of a float are as wide or wider. Moved there, the value is too small by the ratio
    // of the biases, for subnormals too.
    const unsigned magnitude = code & (format.sign() - 1);
    const float small = __builtin_bit_cast(float, magnitude << (23 - format.mantissa_bits));
    constexpr auto ratio =
        __builtin_bit_cast(float, static_cast<unsigned>(254 - format.bias()) << 23);
    float value = small * ratio;
    if (magnitude > format.largest) {
        const bool infinite = magnitude == format.largest + 1 && magnitude != format.nan();
        value = infinite ? __builtin_inff() : __builtin_nanf("");
    }
    return (code & format.sign()) != 0 ? -value : value;
}

/// a · b + c, rounded to odd: rounding it again, to a format of up to 51 bits, gives what one
/// rounding of the exact value would. a · b must be exact in a double, which it is for factors of
/// up to 26 bits.
///
/// The sum's rounding error is Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2).
inline double odd_multiply_add(double a, double b, double c) {
    const double product = uncontracted(a * b);
    const double sum = product + c;
    const double from_c = sum - product;
    const double error = (product - (sum - from_c)) + (c - from_c);
    auto bits = __builtin_bit_cast(unsigned long long, sum);
    if (error == error && error != 0 && bits % 2 == 0) {
        bits += (error > 0) == (sum > 0) ? 1 : -1;
    }
    return __builtin_bit_cast(double, bits);
}

}  // namespace t2t::cpu_device
