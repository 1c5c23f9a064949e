/// @file
/// Arithmetic in a stated rounding direction: __fadd_rz, __dmul_ru and their kin.
///
/// _rn is to nearest even, _rz toward zero, _rd down, _ru up. None of them is ever contracted with
/// a neighbour into a multiply-add.
#pragma once

#include <math.h>

#include "crt/rounding.h"

namespace t2t::cpu_device {

/// operation(operands…) in direction `mode`. To nearest is how the processor rounds already.
template <Rounding mode, typename Operation, typename... Operands>
inline auto arithmetic(Operation operation, Operands... operands) {
    if constexpr (mode == Rounding::nearest_even) return uncontracted(operation(operands...));
    return rounded<mode>(operation, operands...);
}

inline constexpr auto sum = [](auto a, auto b) { return a + b; };
inline constexpr auto difference = [](auto a, auto b) { return a - b; };
inline constexpr auto product = [](auto a, auto b) { return a * b; };
inline constexpr auto quotient = [](auto a, auto b) { return a / b; };
inline constexpr auto root = [](auto a) { return ::sqrt(a); };
inline constexpr auto multiply_add = [](auto a, auto b, auto c) { return ::fma(a, b, c); };

}  // namespace t2t::cpu_device

// `f` is the letter of the names (__fadd_rn, __dadd_rn); __fmaf and __fma have names of their own.
#define T2T_ROUNDED(real, f, fused, suffix, mode)                                         \
    inline real __##f##add_##suffix(real a, real b) {                                     \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::sum, a, b);             \
    }                                                                                     \
    inline real __##f##sub_##suffix(real a, real b) {                                     \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::difference, a, b);      \
    }                                                                                     \
    inline real __##f##mul_##suffix(real a, real b) {                                     \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::product, a, b);         \
    }                                                                                     \
    inline real __##f##div_##suffix(real a, real b) {                                     \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::quotient, a, b);        \
    }                                                                                     \
    inline real __##f##rcp_##suffix(real a) {                                             \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::quotient, real(1), a);  \
    }                                                                                     \
    inline real __##f##sqrt_##suffix(real a) {                                            \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::root, a);               \
    }                                                                                     \
    inline real fused##_##suffix(real a, real b, real c) {                                \
        return t2t::cpu_device::arithmetic<mode>(t2t::cpu_device::multiply_add, a, b, c); \
    }

#define T2T_ROUNDED_BOTH(suffix, mode)                                     \
    T2T_ROUNDED(float, f, __fmaf, suffix, t2t::cpu_device::Rounding::mode) \
    T2T_ROUNDED(double, d, __fma, suffix, t2t::cpu_device::Rounding::mode)

T2T_ROUNDED_BOTH(rn, nearest_even)
T2T_ROUNDED_BOTH(rz, toward_zero)
T2T_ROUNDED_BOTH(rd, down)
T2T_ROUNDED_BOTH(ru, up)

#undef T2T_ROUNDED_BOTH
#undef T2T_ROUNDED

/// 1/√x to nearest even. A double holds 1/√x closely enough that its rounding to float is the right
/// one for every float.
inline float __frsqrt_rn(float x) {
    return static_cast<float>(1 / ::sqrt(static_cast<double>(x)));
}

// The same whatever the compiler's options say about subnormal numbers, which are kept here anyway.
#define T2T_IEEE(suffix)                                           \
    inline float __fmaf_ieee_##suffix(float a, float b, float c) { \
        return __fmaf_##suffix(a, b, c);                           \
    }
T2T_IEEE(rn)
T2T_IEEE(rz)
T2T_IEEE(rd)
T2T_IEEE(ru)
#undef T2T_IEEE
