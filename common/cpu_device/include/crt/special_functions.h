/// @file
/// Inverse error functions, Bessel functions and norms of arrays.
///
/// Each is computed in float64 and rounded where the result is a float.
#pragma once

#include <cmath>

namespace t2t::cpu_device {

/// The z of erfc(z) = y, for y of 0 to 1: a rational first guess, then Halley's steps.
/// Source: Press et al., Numerical Recipes, 3rd edition, 6.2.2.
inline double positive_erfc_inverse(double y) {
    constexpr double two_over_root_pi = 1.12837916709551257390;
    if (y <= 0) return y == 0 ? HUGE_VAL : NAN;
    const double t = ::sqrt(-2 * ::log(y / 2));
    double z = -0.70711 * ((2.30753 + t * 0.27061) / (1 + t * (0.99229 + t * 0.04481)) - t);
    for (int step = 0; step < 3; ++step) {
        const double error = ::erfc(z) - y;
        z += error / (two_over_root_pi * ::exp(-z * z) - z * error);
    }
    return z;
}

/// The z of erf(z) = x, for small x, where 1 − x would lose its digits.
inline double small_erf_inverse(double x) {
    constexpr double two_over_root_pi = 1.12837916709551257390;
    double z = x / two_over_root_pi;
    for (int step = 0; step < 4; ++step) {
        const double error = ::erf(z) - x;
        z -= error / (two_over_root_pi * ::exp(-z * z) + z * error);
    }
    return z;
}

}  // namespace t2t::cpu_device

/// @name Inverses of erfc, erf and Φ
///@{
inline double erfcinv(double y) {
    return y > 1 ? -t2t::cpu_device::positive_erfc_inverse(2 - y)
                 : t2t::cpu_device::positive_erfc_inverse(y);
}
inline double erfinv(double x) {
    return ::fabs(x) < 0.5 ? t2t::cpu_device::small_erf_inverse(x) : erfcinv(1 - x);
}
inline double normcdfinv(double p) {
    return -1.41421356237309504880 * erfcinv(2 * p);
}
///@}

/// @name Modified Bessel functions of the first kind, of order 0 and 1
///@{
inline double cyl_bessel_i0(double x) {
    return std::cyl_bessel_i(0.0, ::fabs(x));
}
inline double cyl_bessel_i1(double x) {
    return ::copysign(std::cyl_bessel_i(1.0, ::fabs(x)), x);
}
///@}

#define T2T_FLOAT_FUNCTION(name)                    \
    inline float name##f(float x) {                 \
        return static_cast<float>(name(double(x))); \
    }
#define T2T_FLOAT_OVERLOAD(name) \
    inline float name(float x) { \
        return name##f(x);       \
    }
T2T_FLOAT_FUNCTION(erfcinv)
T2T_FLOAT_FUNCTION(erfinv)
T2T_FLOAT_FUNCTION(normcdfinv)
T2T_FLOAT_FUNCTION(cyl_bessel_i0)
T2T_FLOAT_FUNCTION(cyl_bessel_i1)
T2T_FLOAT_OVERLOAD(erfcinv)
T2T_FLOAT_OVERLOAD(erfinv)
T2T_FLOAT_OVERLOAD(normcdfinv)
T2T_FLOAT_OVERLOAD(cyl_bessel_i0)
T2T_FLOAT_OVERLOAD(cyl_bessel_i1)
#undef T2T_FLOAT_OVERLOAD
#undef T2T_FLOAT_FUNCTION

/// @name The length of a vector of `count` elements, and one over it
///@{
inline double norm(int count, const double* x) {
    double length = 0;
    for (int i = 0; i < count; ++i) length = ::hypot(length, x[i]);
    return length;
}
inline float normf(int count, const float* x) {
    double squares = 0;
    for (int i = 0; i < count; ++i) squares += double(x[i]) * x[i];
    return static_cast<float>(::sqrt(squares));
}
inline float norm(int count, const float* x) {
    return normf(count, x);
}
inline double rnorm(int count, const double* x) {
    return 1 / norm(count, x);
}
inline float rnormf(int count, const float* x) {
    double squares = 0;
    for (int i = 0; i < count; ++i) squares += double(x[i]) * x[i];
    return static_cast<float>(1 / ::sqrt(squares));
}
inline double rnorm4d(double x, double y, double z, double w) {
    const double all[] = {x, y, z, w};
    return rnorm(4, all);
}
inline float rnorm4df(float x, float y, float z, float w) {
    return static_cast<float>(rnorm4d(x, y, z, w));
}
///@}
