/// @file
/// Device math beyond the C library's: CUDA's own functions, and min and max for all its types.
#pragma once

#include <math.h>
#include <stdlib.h>

#include "crt/fast_math.h"
#include "crt/host_defines.h"
#include "crt/rounded_arithmetic.h"
#include "crt/special_functions.h"

namespace t2t::cpu_device {

/// The smaller number: of a number and a NaN the number; −0 is below +0.
template <typename Real>
inline Real smaller(Real a, Real b) {
    if (a != a) return b;
    if (b != b) return a;
    if (a == b) return __builtin_signbit(a) ? a : b;
    return a < b ? a : b;
}

/// The larger number: of a number and a NaN the number; −0 is below +0.
template <typename Real>
inline Real larger(Real a, Real b) {
    if (a != a) return b;
    if (b != b) return a;
    if (a == b) return __builtin_signbit(a) ? b : a;
    return a < b ? b : a;
}

/// sin(π x) and cos(π x): x is reduced to within a quarter turn of a multiple of one half, exactly,
/// before π is brought in.
template <typename Real>
inline void sine_cosine_pi(double x, Real& sine, Real& cosine) {
    const double turn = ::remainder(x, 2);    // −1 to 1, exact
    const double quarter = ::rint(2 * turn);  // −2 to 2
    const double angle = (turn - quarter / 2) * 3.14159265358979323846;
    const auto s = static_cast<Real>(::sin(angle));
    const auto c = static_cast<Real>(::cos(angle));
    const int quadrant = x - x == 0 ? static_cast<int>(quarter) & 3 : 0;
    sine = quadrant == 0 ? s : quadrant == 1 ? c : quadrant == 2 ? -s : -c;
    cosine = quadrant == 0 ? c : quadrant == 1 ? -s : quadrant == 2 ? -c : s;
    if (sine == 0) sine = static_cast<Real>(::copysign(0.0, x));  // sin(π n) is a zero of x's sign
    if (cosine == 0) cosine = 0;
}

/// e^(x²) · erfc(x), without the overflow of the one and the underflow of the other.
inline double scaled_erfc(double x) {
    if (x > 25) {  // four terms of the asymptotic series: the next is below 1e-13
        const double r = 1 / (2 * x * x);
        return 0.56418958354775628695 / x * (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r))));
    }
    const double square = x * x;
    return ::exp(square) * (1 + ::fma(x, x, -square)) * ::erfc(x);
}

}  // namespace t2t::cpu_device

/// @name Minimum and maximum
/// Of a signed and an unsigned value both are taken as unsigned. Of a number and a NaN the number
/// is the result.
///@{
#define T2T_MIN_MAX(type, first, second)                                           \
    inline type min(first a, second b) {                                           \
        return static_cast<type>(b) < static_cast<type>(a) ? static_cast<type>(b)  \
                                                           : static_cast<type>(a); \
    }                                                                              \
    inline type max(first a, second b) {                                           \
        return static_cast<type>(a) < static_cast<type>(b) ? static_cast<type>(b)  \
                                                           : static_cast<type>(a); \
    }
#define T2T_INTEGER_MIN_MAX(integer)                                  \
    T2T_MIN_MAX(integer, integer, integer)                            \
    T2T_MIN_MAX(unsigned integer, unsigned integer, unsigned integer) \
    T2T_MIN_MAX(unsigned integer, integer, unsigned integer)          \
    T2T_MIN_MAX(unsigned integer, unsigned integer, integer)
T2T_INTEGER_MIN_MAX(int)
T2T_INTEGER_MIN_MAX(long)
T2T_INTEGER_MIN_MAX(long long)
#undef T2T_INTEGER_MIN_MAX
#undef T2T_MIN_MAX

inline float min(float a, float b) {
    return t2t::cpu_device::smaller(a, b);
}
inline float max(float a, float b) {
    return t2t::cpu_device::larger(a, b);
}
inline double min(double a, double b) {
    return t2t::cpu_device::smaller(a, b);
}
inline double max(double a, double b) {
    return t2t::cpu_device::larger(a, b);
}
inline double min(float a, double b) {
    return t2t::cpu_device::smaller<double>(a, b);
}
inline double max(float a, double b) {
    return t2t::cpu_device::larger<double>(a, b);
}
inline double min(double a, float b) {
    return t2t::cpu_device::smaller<double>(a, b);
}
inline double max(double a, float b) {
    return t2t::cpu_device::larger<double>(a, b);
}

inline unsigned umin(unsigned a, unsigned b) {
    return min(a, b);
}
inline unsigned umax(unsigned a, unsigned b) {
    return max(a, b);
}
inline long long llmin(long long a, long long b) {
    return min(a, b);
}
inline long long llmax(long long a, long long b) {
    return max(a, b);
}
inline unsigned long long ullmin(unsigned long long a, unsigned long long b) {
    return min(a, b);
}
inline unsigned long long ullmax(unsigned long long a, unsigned long long b) {
    return max(a, b);
}
///@}

/// @name Roots and lengths
/// 1/√x, 1/∛x, √(x² + y² …) and its reciprocal.
///@{
inline double rsqrt(double x) {
    return 1 / ::sqrt(x);
}
inline float rsqrtf(float x) {
    return static_cast<float>(rsqrt(static_cast<double>(x)));
}
inline float rsqrt(float x) {
    return rsqrtf(x);
}
inline double rcbrt(double x) {
    return 1 / ::cbrt(x);
}
inline float rcbrtf(float x) {
    return static_cast<float>(rcbrt(static_cast<double>(x)));
}
inline float rcbrt(float x) {
    return rcbrtf(x);
}
inline double rhypot(double x, double y) {
    return 1 / ::hypot(x, y);
}
inline float rhypotf(float x, float y) {
    return static_cast<float>(rhypot(double(x), double(y)));
}
inline double norm3d(double x, double y, double z) {
    return ::hypot(::hypot(x, y), z);
}
inline float norm3df(float x, float y, float z) {
    return static_cast<float>(norm3d(x, y, z));
}
inline double rnorm3d(double x, double y, double z) {
    return 1 / norm3d(x, y, z);
}
inline float rnorm3df(float x, float y, float z) {
    return static_cast<float>(rnorm3d(x, y, z));
}
inline double norm4d(double x, double y, double z, double w) {
    return ::hypot(norm3d(x, y, z), w);
}
inline float norm4df(float x, float y, float z, float w) {
    return static_cast<float>(norm4d(x, y, z, w));
}
///@}

/// @name Angles in half turns
/// sin(π x) and cos(π x), exact at multiples of a half.
///@{
inline void sincospi(double x, double* sine, double* cosine) {
    t2t::cpu_device::sine_cosine_pi(x, *sine, *cosine);
}
inline void sincospif(float x, float* sine, float* cosine) {
    t2t::cpu_device::sine_cosine_pi(x, *sine, *cosine);
}
inline void sincospi(float x, float* sine, float* cosine) {
    sincospif(x, sine, cosine);
}
inline void sincos(float x, float* sine, float* cosine) {
    ::sincosf(x, sine, cosine);
}
#define T2T_HALF_TURNS(name, wanted)  \
    inline double name(double x) {    \
        double sine, cosine;          \
        sincospi(x, &sine, &cosine);  \
        return wanted;                \
    }                                 \
    inline float name##f(float x) {   \
        float sine, cosine;           \
        sincospif(x, &sine, &cosine); \
        return wanted;                \
    }                                 \
    inline float name(float x) {      \
        return name##f(x);            \
    }
T2T_HALF_TURNS(sinpi, sine)
T2T_HALF_TURNS(cospi, cosine)
#undef T2T_HALF_TURNS
///@}

/// @name Distributions and the rest
/// Φ(x), the scaled complementary error function, 10^x, x / y.
///@{
inline double normcdf(double x) {
    return 0.5 * ::erfc(x * -0.70710678118654752440);
}
inline float normcdff(float x) {
    return static_cast<float>(normcdf(static_cast<double>(x)));
}
inline float normcdf(float x) {
    return normcdff(x);
}
inline double erfcx(double x) {
    return t2t::cpu_device::scaled_erfc(x);
}
inline float erfcxf(float x) {
    return static_cast<float>(erfcx(static_cast<double>(x)));
}
inline float erfcx(float x) {
    return erfcxf(x);
}
inline float exp10(float x) {
    return ::exp10f(x);
}
inline double fdivide(double x, double y) {
    return x / y;
}
inline float fdividef(float x, float y) {
    return x / y;
}
///@}
