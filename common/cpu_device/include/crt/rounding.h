/// @file
/// Rounding: the four directions of IEEE 754, and how to compute in one of them.
#pragma once

#include <fenv.h>
#include <math.h>

namespace t2t::cpu_device {

/// Where a result goes that lies between two representable values: CUDA's _rn, _rz, _rd, _ru.
enum class Rounding { nearest_even, toward_zero, down, up };

/// `value`, opaque to the compiler: `uncontracted(a * b) + c` is never fused into one multiply-add.
template <typename Real>
inline Real uncontracted(Real value) {
#if defined(__x86_64__)
    asm("" : "+x"(value));
#else
    asm("" : "+w"(value));
#endif
    return value;
}

/// `value`, read when this is called: the compiler moves no reading across a change of rounding.
template <typename Value>
inline Value read_now(Value value) {
    volatile Value memory = value;
    return memory;
}

/// operation(operands…) with the processor rounding in direction `mode`.
template <Rounding mode, typename Operation, typename... Operands>
inline auto rounded(Operation operation, Operands... operands) {
    constexpr int direction = mode == Rounding::toward_zero ? FE_TOWARDZERO
                              : mode == Rounding::down      ? FE_DOWNWARD
                              : mode == Rounding::up        ? FE_UPWARD
                                                            : FE_TONEAREST;
    const int before = fegetround();
    fesetround(direction);
    const auto result = read_now(operation(read_now(operands)...));
    fesetround(before);
    return result;
}

/// `value` rounded to a whole number in direction `mode`.
template <Rounding mode, typename Real>
inline Real to_whole(Real value) {
    if constexpr (mode == Rounding::toward_zero) return ::trunc(value);
    if constexpr (mode == Rounding::down) return ::floor(value);
    if constexpr (mode == Rounding::up) return ::ceil(value);
    return ::rint(value);
}

/// `value` as an integer, as the GPU converts: out of range saturates; NaN becomes 0, or the top
/// bit alone when either side has 64 bits.
/// Source: PTX ISA, "cvt", notes on float-to-integer conversion.
template <typename Integer, Rounding mode, typename Real>
__attribute__((always_inline, no_sanitize("float-cast-overflow"))) inline Integer to_integer(
    Real value) {
    constexpr int bits = 8 * sizeof(Integer);
    constexpr bool is_signed = Integer(-1) < Integer(0);
    constexpr auto top_bit = static_cast<Integer>(1ull << (bits - 1));
    constexpr Integer smallest = is_signed ? top_bit : Integer(0);
    constexpr auto largest = static_cast<Integer>(is_signed ? ~top_bit : ~Integer(0));
    // 2^(bits - 1) or 2^bits: the first value too large, exact in any floating-point type.
    constexpr Real limit = (is_signed ? Real(1) : Real(2)) * static_cast<Real>(1ull << (bits - 1));

    if (value != value) return bits == 64 || sizeof(Real) == 8 ? top_bit : Integer(0);
    const Real whole = to_whole<mode>(value);
    if (whole >= limit) return largest;
    if (whole < static_cast<Real>(smallest)) return smallest;
    return static_cast<Integer>(whole);
}

/// A double that rounds to any format of up to 40 bits, in any direction, as the integer `value`
/// itself would: the bits that a double may have no room for are gathered into one ("rounding to
/// odd").
template <typename Integer>
inline double to_odd_double(Integer value) {
    if constexpr (sizeof(Integer) == 8) {
        constexpr auto limit = Integer(1) << 53;
        constexpr auto dropped = Integer(0x7ff);
        const bool exact = value < limit && (Integer(-1) > Integer(0) || value > -limit);
        if (!exact && (value & dropped) != 0) value = (value & ~dropped) | (dropped + 1);
    }
    return static_cast<double>(value);
}

}  // namespace t2t::cpu_device
