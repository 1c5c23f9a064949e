/// @file
/// What CUDA computes with one __half or one __nv_bfloat16: arithmetic, comparisons, elementary
/// functions.
#pragma once

#include <math.h>

#include "crt/narrow_float.h"

namespace t2t::cpu_device {

/// The functions of a 16-bit floating-point type T, as friends that a call with a T finds.
///
/// A sum, product or quotient is rounded to float, then to T. That is as good as rounding once: a
/// float has 24 bits, at least 2p + 2 for the p of T (11 or 8), and where T loses bits near zero,
/// float holds the exact sum or product (quotients that small go through float on a GPU too). It
/// does not hold for a · b + c, which has odd_multiply_add().
/// Source: Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30 (3), 1995.
template <typename T>
struct NarrowScalar {
    /// @name Arithmetic
    /// Rounded once, to nearest even. _sat holds the result to [0, 1] and makes NaN 0; _relu makes
    /// a negative result 0; _rn is never contracted into a multiply-add, which nothing here is.
    ///@{
    friend T2T_EMULATION T __hadd(T a, T b) {
        observer::count_narrow(T::additions);
        return T(float(a) + float(b));
    }
    friend T2T_EMULATION T __hsub(T a, T b) {
        observer::count_narrow(T::additions);
        return T(float(a) - float(b));
    }
    friend T2T_EMULATION T __hmul(T a, T b) {
        observer::count_narrow(T::multiplications);
        return T(float(a) * float(b));
    }
    friend T2T_EMULATION T __hdiv(T a, T b) {
        observer::count_narrow(T::special_operations);
        return T(float(a) / float(b));
    }
    friend T2T_EMULATION T __hfma(T a, T b, T c) {
        observer::count_narrow(T::multiply_adds);
        return T(odd_multiply_add(float(a), float(b), float(c)));
    }
    friend T __hadd_rn(T a, T b) { return __hadd(a, b); }
    friend T __hsub_rn(T a, T b) { return __hsub(a, b); }
    friend T __hmul_rn(T a, T b) { return __hmul(a, b); }
    friend T __hadd_sat(T a, T b) { return saturate(__hadd(a, b)); }
    friend T __hsub_sat(T a, T b) { return saturate(__hsub(a, b)); }
    friend T __hmul_sat(T a, T b) { return saturate(__hmul(a, b)); }
    friend T __hfma_sat(T a, T b, T c) { return saturate(__hfma(a, b, c)); }
    friend T __hfma_relu(T a, T b, T c) {
        const T result = __hfma(a, b, c);
        return float(result) < 0 ? T(0.0f) : result;
    }
    friend T __habs(T a) { return T::from_bits(a.bits() & 0x7fff); }
    friend T __hneg(T a) { return T::from_bits(a.bits() ^ 0x8000); }

    friend T operator+(const T& a, const T& b) { return __hadd(a, b); }
    friend T operator-(const T& a, const T& b) { return __hsub(a, b); }
    friend T operator*(const T& a, const T& b) { return __hmul(a, b); }
    friend T operator/(const T& a, const T& b) { return __hdiv(a, b); }
    friend T& operator+=(T& a, const T& b) { return a = a + b; }
    friend T& operator-=(T& a, const T& b) { return a = a - b; }
    friend T& operator*=(T& a, const T& b) { return a = a * b; }
    friend T& operator/=(T& a, const T& b) { return a = a / b; }
    friend T& operator++(T& a) { return a = a + T(1.0f); }
    friend T& operator--(T& a) { return a = a - T(1.0f); }
    friend T operator++(T& a, int) {
        const T before = a;
        ++a;
        return before;
    }
    friend T operator--(T& a, int) {
        const T before = a;
        --a;
        return before;
    }
    friend T operator+(const T& a) { return a; }
    friend T operator-(const T& a) { return __hneg(a); }
    ///@}

    /// @name Comparisons
    /// With a NaN, the plain ones are false (__hne too), the unordered ones, with a u, are true.
    ///@{
    friend bool __hisnan(T a) { return float(a) != float(a); }
    friend int __hisinf(T a) {
        const float value = float(a);
        return value == INFINITY ? 1 : value == -INFINITY ? -1 : 0;
    }
    friend bool __heq(T a, T b) { return float(a) == float(b); }
    friend bool __hne(T a, T b) { return float(a) < float(b) || float(a) > float(b); }
    friend bool __hlt(T a, T b) { return float(a) < float(b); }
    friend bool __hle(T a, T b) { return float(a) <= float(b); }
    friend bool __hgt(T a, T b) { return float(a) > float(b); }
    friend bool __hge(T a, T b) { return float(a) >= float(b); }
    friend bool __hequ(T a, T b) { return !__hne(a, b); }
    friend bool __hneu(T a, T b) { return !__heq(a, b); }
    friend bool __hltu(T a, T b) { return !__hge(a, b); }
    friend bool __hleu(T a, T b) { return !__hgt(a, b); }
    friend bool __hgtu(T a, T b) { return !__hle(a, b); }
    friend bool __hgeu(T a, T b) { return !__hlt(a, b); }

    friend bool operator==(const T& a, const T& b) { return __heq(a, b); }
    friend bool operator!=(const T& a, const T& b) { return __hneu(a, b); }
    friend bool operator<(const T& a, const T& b) { return __hlt(a, b); }
    friend bool operator<=(const T& a, const T& b) { return __hle(a, b); }
    friend bool operator>(const T& a, const T& b) { return __hgt(a, b); }
    friend bool operator>=(const T& a, const T& b) { return __hge(a, b); }
    ///@}

    /// @name Minimum and maximum
    /// −0 is below +0. Of a number and a NaN the number is the result; with _nan, a NaN is.
    ///@{
    friend T __hmin(T a, T b) {
        if (__hisnan(a)) return quiet(b);
        if (__hisnan(b)) return a;
        if (__heq(a, b)) return T::from_bits(a.bits() | b.bits());
        return __hlt(a, b) ? a : b;
    }
    friend T __hmax(T a, T b) {
        if (__hisnan(a)) return quiet(b);
        if (__hisnan(b)) return a;
        if (__heq(a, b)) return T::from_bits(a.bits() & b.bits());
        return __hlt(a, b) ? b : a;
    }
    friend T __hmin_nan(T a, T b) {
        return __hisnan(a) || __hisnan(b) ? T::from_bits(0x7fff) : __hmin(a, b);
    }
    friend T __hmax_nan(T a, T b) {
        return __hisnan(a) || __hisnan(b) ? T::from_bits(0x7fff) : __hmax(a, b);
    }
    ///@}

    /// @name Elementary functions
    /// Computed in float, then rounded.
    ///@{
    friend T hsqrt(T a) { return T(::sqrtf(float(a))); }
    friend T hrsqrt(T a) { return T(1 / ::sqrt(double(float(a)))); }
    friend T hrcp(T a) { return T(1 / float(a)); }
    friend T hexp(T a) { return T(::expf(float(a))); }
    friend T hexp2(T a) { return T(::exp2f(float(a))); }
    friend T hexp10(T a) { return T(::exp10f(float(a))); }
    friend T hlog(T a) { return T(::logf(float(a))); }
    friend T hlog2(T a) { return T(::log2f(float(a))); }
    friend T hlog10(T a) { return T(::log10f(float(a))); }
    friend T hsin(T a) { return T(::sinf(float(a))); }
    friend T hcos(T a) { return T(::cosf(float(a))); }
    friend T htanh(T a) { return T(::tanhf(float(a))); }
    friend T htanh_approx(T a) { return htanh(a); }
    friend T hceil(T a) { return T(::ceilf(float(a))); }
    friend T hfloor(T a) { return T(::floorf(float(a))); }
    friend T htrunc(T a) { return T(::truncf(float(a))); }
    friend T hrint(T a) { return T(::rintf(float(a))); }
    ///@}

    /// Adds to memory that other threads add to as well. @returns what was there before
    friend T2T_DEVICE_INLINE T atomicAdd(T* address, T value) {
        using Word [[gnu::may_alias]] = unsigned short;
        auto* word = reinterpret_cast<Word*>(address);
        observer::access(observer::Kind::atomic, address, sizeof(*address),
                         observer::with_scope(observer::Scope::device));
        unsigned short before = __atomic_load_n(word, __ATOMIC_RELAXED);
        unsigned short after;
        do {
            after = __hadd(T::from_bits(before), value).bits();
        } while (!__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_RELAXED,
                                              __ATOMIC_RELAXED));
        return T::from_bits(before);
    }

 private:
    /// `a` held to [0, 1]; NaN becomes 0.
    static T saturate(T a) {
        const float value = float(a);
        return value > 0 ? (value < 1 ? a : T(1.0f)) : T(0.0f);
    }
    /// `a`, or CUDA's NaN for any NaN.
    static T quiet(T a) { return __hisnan(a) ? T::from_bits(0x7fff) : a; }
};

}  // namespace t2t::cpu_device
