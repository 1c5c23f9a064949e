/// @file
/// Conversions in a stated rounding direction, and the bits of floating-point values.
///
/// To an integer, a value out of range becomes the nearest integer in range; see to_integer for
/// NaN.
#pragma once

#include "crt/rounding.h"

/// @name Bits
///@{
inline int __float_as_int(float x) {
    return __builtin_bit_cast(int, x);
}
inline unsigned __float_as_uint(float x) {
    return __builtin_bit_cast(unsigned, x);
}
inline float __int_as_float(int x) {
    return __builtin_bit_cast(float, x);
}
inline float __uint_as_float(unsigned x) {
    return __builtin_bit_cast(float, x);
}
inline long long __double_as_longlong(double x) {
    return __builtin_bit_cast(long long, x);
}
inline double __longlong_as_double(long long x) {
    return __builtin_bit_cast(double, x);
}
inline int __double2hiint(double x) {
    return static_cast<int>(__double_as_longlong(x) >> 32);
}
inline int __double2loint(double x) {
    return static_cast<int>(__double_as_longlong(x));
}
/// The double of upper half `high` and lower half `low`.
inline double __hiloint2double(int high, int low) {
    const auto upper = static_cast<unsigned long long>(static_cast<unsigned>(high)) << 32;
    return __longlong_as_double(static_cast<long long>(upper | static_cast<unsigned>(low)));
}
///@}

/// @name Floating point to integer, integer to floating point, double to float
///@{
#define T2T_TO_INTEGER(real, name, integer, suffix, mode)                                \
    inline integer __##real##2##name##_##suffix(real x) {                                \
        return t2t::cpu_device::to_integer<integer, t2t::cpu_device::Rounding::mode>(x); \
    }
#define T2T_TO_REAL(from, name, real, suffix, mode)                       \
    inline real __##name##2##real##_##suffix(from x) {                    \
        return t2t::cpu_device::rounded<t2t::cpu_device::Rounding::mode>( \
            [](from v) { return static_cast<real>(v); }, x);              \
    }
#define T2T_CONVERSIONS(suffix, mode)                             \
    T2T_TO_INTEGER(float, int, int, suffix, mode)                 \
    T2T_TO_INTEGER(float, uint, unsigned, suffix, mode)           \
    T2T_TO_INTEGER(float, ll, long long, suffix, mode)            \
    T2T_TO_INTEGER(float, ull, unsigned long long, suffix, mode)  \
    T2T_TO_INTEGER(double, int, int, suffix, mode)                \
    T2T_TO_INTEGER(double, uint, unsigned, suffix, mode)          \
    T2T_TO_INTEGER(double, ll, long long, suffix, mode)           \
    T2T_TO_INTEGER(double, ull, unsigned long long, suffix, mode) \
    T2T_TO_REAL(int, int, float, suffix, mode)                    \
    T2T_TO_REAL(unsigned, uint, float, suffix, mode)              \
    T2T_TO_REAL(long long, ll, float, suffix, mode)               \
    T2T_TO_REAL(unsigned long long, ull, float, suffix, mode)     \
    T2T_TO_REAL(long long, ll, double, suffix, mode)              \
    T2T_TO_REAL(unsigned long long, ull, double, suffix, mode)    \
    T2T_TO_REAL(double, double, float, suffix, mode)

T2T_CONVERSIONS(rn, nearest_even)
T2T_CONVERSIONS(rz, toward_zero)
T2T_CONVERSIONS(rd, down)
T2T_CONVERSIONS(ru, up)

#undef T2T_CONVERSIONS
#undef T2T_TO_REAL
#undef T2T_TO_INTEGER

inline double __int2double_rn(int x) {
    return x;
}
inline double __uint2double_rn(unsigned x) {
    return x;
}
///@}
