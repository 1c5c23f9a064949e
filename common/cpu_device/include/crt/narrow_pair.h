/// @file
/// What CUDA computes with a __half2 or a __nv_bfloat162: each function of the scalars, on both
/// halves.
#pragma once

#include "crt/narrow_scalar.h"

namespace t2t::cpu_device {

/// The functions of a pair V of 16-bit floating-point values T, as friends that a call with a V
/// finds.
///
/// x is the lower half of the word, y the upper.
template <typename V, typename T>
struct NarrowPair {
    // Tables: one line a function.
    // clang-format off

    /// @name Half by half
    ///@{
#define T2T_UNARY(name, scalar) \
    friend V name(V a) { return V(scalar(a.x), scalar(a.y)); }
#define T2T_BINARY(name, scalar) \
    friend V name(V a, V b) { return V(scalar(a.x, b.x), scalar(a.y, b.y)); }
#define T2T_TERNARY(name, scalar) \
    friend V name(V a, V b, V c) { return V(scalar(a.x, b.x, c.x), scalar(a.y, b.y, c.y)); }
    T2T_BINARY(__hadd2, __hadd)
    T2T_BINARY(__hsub2, __hsub)
    T2T_BINARY(__hmul2, __hmul)
    T2T_BINARY(__h2div, __hdiv)
    T2T_BINARY(__hadd2_rn, __hadd)
    T2T_BINARY(__hsub2_rn, __hsub)
    T2T_BINARY(__hmul2_rn, __hmul)
    T2T_BINARY(__hadd2_sat, __hadd_sat)
    T2T_BINARY(__hsub2_sat, __hsub_sat)
    T2T_BINARY(__hmul2_sat, __hmul_sat)
    T2T_TERNARY(__hfma2, __hfma)
    T2T_TERNARY(__hfma2_sat, __hfma_sat)
    T2T_TERNARY(__hfma2_relu, __hfma_relu)
    T2T_BINARY(__hmin2, __hmin)
    T2T_BINARY(__hmax2, __hmax)
    T2T_BINARY(__hmin2_nan, __hmin_nan)
    T2T_BINARY(__hmax2_nan, __hmax_nan)
    T2T_UNARY(__habs2, __habs)
    T2T_UNARY(__hneg2, __hneg)
    T2T_UNARY(h2sqrt, hsqrt)
    T2T_UNARY(h2rsqrt, hrsqrt)
    T2T_UNARY(h2rcp, hrcp)
    T2T_UNARY(h2exp, hexp)
    T2T_UNARY(h2exp2, hexp2)
    T2T_UNARY(h2exp10, hexp10)
    T2T_UNARY(h2log, hlog)
    T2T_UNARY(h2log2, hlog2)
    T2T_UNARY(h2log10, hlog10)
    T2T_UNARY(h2sin, hsin)
    T2T_UNARY(h2cos, hcos)
    T2T_UNARY(h2tanh, htanh)
    T2T_UNARY(h2tanh_approx, htanh)
    T2T_UNARY(h2ceil, hceil)
    T2T_UNARY(h2floor, hfloor)
    T2T_UNARY(h2trunc, htrunc)
    T2T_UNARY(h2rint, hrint)
#undef T2T_TERNARY
#undef T2T_BINARY
#undef T2T_UNARY

    friend V operator+(const V& a, const V& b) { return __hadd2(a, b); }
    friend V operator-(const V& a, const V& b) { return __hsub2(a, b); }
    friend V operator*(const V& a, const V& b) { return __hmul2(a, b); }
    friend V operator/(const V& a, const V& b) { return __h2div(a, b); }
    friend V& operator+=(V& a, const V& b) { return a = a + b; }
    friend V& operator-=(V& a, const V& b) { return a = a - b; }
    friend V& operator*=(V& a, const V& b) { return a = a * b; }
    friend V& operator/=(V& a, const V& b) { return a = a / b; }
    friend V& operator++(V& a) { return a = V(++a.x, ++a.y); }
    friend V& operator--(V& a) { return a = V(--a.x, --a.y); }
    friend V operator++(V& a, int) { return V(a.x++, a.y++); }
    friend V operator--(V& a, int) { return V(a.x--, a.y--); }
    friend V operator+(const V& a) { return a; }
    friend V operator-(const V& a) { return __hneg2(a); }
    ///@}

    /// @name Comparisons
    /// Of each half: 1.0 or 0.0, or with _mask 0xffff or 0; with a b (__hbeq2), whether it holds
    /// for both.
    ///@{
#define T2T_COMPARISON(name)                                                                    \
    friend V __h##name##2(V a, V b) {                                                           \
        return V(T(__h##name(a.x, b.x) ? 1.0f : 0.0f), T(__h##name(a.y, b.y) ? 1.0f : 0.0f));   \
    }                                                                                           \
    friend unsigned __h##name##2_mask(V a, V b) {                                               \
        return (__h##name(a.x, b.x) ? 0xffffu : 0) | (__h##name(a.y, b.y) ? 0xffff0000u : 0);   \
    }                                                                                           \
    friend bool __hb##name##2(V a, V b) { return __h##name(a.x, b.x) && __h##name(a.y, b.y); }
    T2T_COMPARISON(eq)
    T2T_COMPARISON(ne)
    T2T_COMPARISON(lt)
    T2T_COMPARISON(le)
    T2T_COMPARISON(gt)
    T2T_COMPARISON(ge)
    T2T_COMPARISON(equ)
    T2T_COMPARISON(neu)
    T2T_COMPARISON(ltu)
    T2T_COMPARISON(leu)
    T2T_COMPARISON(gtu)
    T2T_COMPARISON(geu)
#undef T2T_COMPARISON

    friend V __hisnan2(V a) {
        return V(T(__hisnan(a.x) ? 1.0f : 0.0f), T(__hisnan(a.y) ? 1.0f : 0.0f));
    }
    friend bool operator==(const V& a, const V& b) { return __hbeq2(a, b); }
    friend bool operator!=(const V& a, const V& b) { return __hbneu2(a, b); }
    friend bool operator<(const V& a, const V& b) { return __hblt2(a, b); }
    friend bool operator<=(const V& a, const V& b) { return __hble2(a, b); }
    friend bool operator>(const V& a, const V& b) { return __hbgt2(a, b); }
    friend bool operator>=(const V& a, const V& b) { return __hbge2(a, b); }
    ///@}

    /// @name Halves
    ///@{
    friend float __low2float(V a) { return float(a.x); }
    friend float __high2float(V a) { return float(a.y); }
    friend V __lowhigh2highlow(V a) { return V(a.y, a.x); }
    ///@}
    // clang-format on

    /// a · b + c for complex numbers, real parts in x, imaginary parts in y.
    friend V __hcmadd(V a, V b, V c) {
        const T real = __hfma(__hneg(a.y), b.y, __hfma(a.x, b.x, c.x));
        const T imaginary = __hfma(a.y, b.x, __hfma(a.x, b.y, c.y));
        return V(real, imaginary);
    }

    /// Adds to memory that other threads add to as well. @returns what was there before
    friend T2T_DEVICE_INLINE V atomicAdd(V* address, V value) {
        using Word [[gnu::may_alias]] = unsigned;
        auto* word = reinterpret_cast<Word*>(address);
        observer::access(observer::Kind::atomic, address, sizeof(*address),
                         observer::with_scope(observer::Scope::device));
        unsigned before = __atomic_load_n(word, __ATOMIC_RELAXED);
        unsigned after;
        do {
            after = __builtin_bit_cast(unsigned, __hadd2(__builtin_bit_cast(V, before), value));
        } while (!__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_RELAXED,
                                              __ATOMIC_RELAXED));
        return __builtin_bit_cast(V, before);
    }
};

}  // namespace t2t::cpu_device
