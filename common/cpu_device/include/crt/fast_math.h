/// @file
/// The fast intrinsics: the GPU's formulas for exp, log, pow and division, computed with the C
/// library.
///
/// The GPU has hardware for 2^x, log2, sin, cos, 1/x and 1/√x alone; __expf and its kin are those
/// and one multiplication, whose rounding is most of their error. Here the formula is the GPU's and
/// the piece of hardware is exact to a float, so the error grows with the argument as it does
/// there.
/// Source: CUDA C++ Programming Guide, "Intrinsic Functions".
#pragma once

#include <math.h>

// glibc declares some of these names itself, as C functions that throw nothing.
extern "C" {

/// @name Exponentials, logarithms, angles
///@{
inline float __expf(float x) noexcept {
    return ::exp2f(x * 1.44269504f);
}
inline float __exp10f(float x) noexcept {
    return ::exp2f(x * 3.32192809f);
}
inline float __log2f(float x) noexcept {
    return ::log2f(x);
}
inline float __logf(float x) noexcept {
    return ::log2f(x) * 0.693147181f;
}
inline float __log10f(float x) noexcept {
    return ::log2f(x) * 0.301029996f;
}
/// x^y for x ≥ 0; NaN for a negative x.
inline float __powf(float x, float y) noexcept {
    return ::exp2f(y * ::log2f(x));
}
inline float __sinf(float x) noexcept {
    return ::sinf(x);
}
inline float __cosf(float x) noexcept {
    return ::cosf(x);
}
inline float __tanf(float x) noexcept {
    return ::sinf(x) / ::cosf(x);
}
inline float __tanhf(float x) noexcept {
    return ::tanhf(x);
}
inline void __sincosf(float x, float* sine, float* cosine) noexcept {
    ::sincosf(x, sine, cosine);
}
///@}
}

/// x / y; 0 for 2^126 < |y| < 2^128, where the GPU's reciprocal underflows.
inline float __fdividef(float x, float y) {
    const float size = ::fabsf(y);
    return size > 0x1p126f && size < INFINITY ? x * 0.0f : x / y;
}

/// `x` held to [0, 1]; NaN becomes 0.
inline float __saturatef(float x) {
    return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f;
}
