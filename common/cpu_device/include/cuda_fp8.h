/// @file
/// The 8-bit formats e4m3 (4 exponent bits, no infinity, up to 448) and e5m2 (5 exponent bits, up
/// to 57,344).
///
/// Source: Micikevicius et al., "FP8 formats for deep learning", arXiv 2209.05433.
#pragma once

#include <type_traits>

#include "crt/host_defines.h"
#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "vector_types.h"

/// One, two and four values as bits, the first in the lowest byte.
///@{
using __nv_fp8_storage_t = unsigned char;
using __nv_fp8x2_storage_t = unsigned short;
using __nv_fp8x4_storage_t = unsigned int;
///@}

/// What becomes of a value beyond the largest finite one.
enum __nv_saturation_t {
    __NV_NOSAT,      ///< infinity in e5m2, NaN in e4m3
    __NV_SATFINITE,  ///< the largest finite value, for infinity too
};

/// Which of the formats 8 bits are in.
enum __nv_fp8_interpretation_t { __NV_E4M3, __NV_E5M2 };

namespace t2t::cpu_device {

/// The 8 bits of `value`, rounded to nearest even. NaN becomes 0x7f in both formats.
template <const Format& format>
inline __nv_fp8_storage_t to_fp8_bits(double value, __nv_saturation_t saturate) {
    const unsigned code = encode<format>(value);
    const bool too_large = (code & 0x7f) > format.largest && value == value;
    const bool hold = too_large && saturate == __NV_SATFINITE;
    return static_cast<__nv_fp8_storage_t>(hold ? (code & 0x80) | format.largest : code);
}

}  // namespace t2t::cpu_device

/// @name Scalars and pairs from and to bits
///@{
inline __nv_fp8_storage_t __nv_cvt_double_to_fp8(double x, __nv_saturation_t saturate,
                                                 __nv_fp8_interpretation_t kind) {
    using namespace t2t::cpu_device;
    return kind == __NV_E4M3 ? to_fp8_bits<fp8_e4m3>(x, saturate)
                             : to_fp8_bits<fp8_e5m2>(x, saturate);
}
inline __nv_fp8_storage_t __nv_cvt_float_to_fp8(float x, __nv_saturation_t saturate,
                                                __nv_fp8_interpretation_t kind) {
    return __nv_cvt_double_to_fp8(x, saturate, kind);
}
inline __nv_fp8_storage_t __nv_cvt_halfraw_to_fp8(__half_raw x, __nv_saturation_t saturate,
                                                  __nv_fp8_interpretation_t kind) {
    return __nv_cvt_float_to_fp8(float(__half(x)), saturate, kind);
}
inline __nv_fp8_storage_t __nv_cvt_bfloat16raw_to_fp8(__nv_bfloat16_raw x,
                                                      __nv_saturation_t saturate,
                                                      __nv_fp8_interpretation_t kind) {
    return __nv_cvt_float_to_fp8(float(__nv_bfloat16(x)), saturate, kind);
}
/// Exact: every value of both formats is a __half's.
inline __half_raw __nv_cvt_fp8_to_halfraw(__nv_fp8_storage_t x, __nv_fp8_interpretation_t kind) {
    using namespace t2t::cpu_device;
    return __half(kind == __NV_E4M3 ? decode<fp8_e4m3>(x) : decode<fp8_e5m2>(x));
}

inline __nv_fp8x2_storage_t __nv_cvt_double2_to_fp8x2(double2 x, __nv_saturation_t saturate,
                                                      __nv_fp8_interpretation_t kind) {
    const unsigned low = __nv_cvt_double_to_fp8(x.x, saturate, kind);
    const unsigned high = __nv_cvt_double_to_fp8(x.y, saturate, kind);
    return static_cast<__nv_fp8x2_storage_t>(high << 8 | low);
}
inline __nv_fp8x2_storage_t __nv_cvt_float2_to_fp8x2(float2 x, __nv_saturation_t saturate,
                                                     __nv_fp8_interpretation_t kind) {
    return __nv_cvt_double2_to_fp8x2({x.x, x.y}, saturate, kind);
}
inline __nv_fp8x2_storage_t __nv_cvt_halfraw2_to_fp8x2(__half2_raw x, __nv_saturation_t saturate,
                                                       __nv_fp8_interpretation_t kind) {
    return __nv_cvt_float2_to_fp8x2(__half22float2(x), saturate, kind);
}
inline __nv_fp8x2_storage_t __nv_cvt_bfloat16raw2_to_fp8x2(__nv_bfloat162_raw x,
                                                           __nv_saturation_t saturate,
                                                           __nv_fp8_interpretation_t kind) {
    return __nv_cvt_float2_to_fp8x2(__bfloat1622float2(x), saturate, kind);
}
inline __half2_raw __nv_cvt_fp8x2_to_halfraw2(__nv_fp8x2_storage_t x,
                                              __nv_fp8_interpretation_t kind) {
    const __half_raw low = __nv_cvt_fp8_to_halfraw(static_cast<__nv_fp8_storage_t>(x), kind);
    const __half_raw high = __nv_cvt_fp8_to_halfraw(static_cast<__nv_fp8_storage_t>(x >> 8), kind);
    return {low.x, high.x};
}
///@}

namespace t2t::cpu_device {

/// One value. Made from any arithmetic type with __NV_SATFINITE; its conversions are exact, but for
/// those to integers, which go toward zero and saturate.
template <__nv_fp8_interpretation_t kind>
struct Fp8 {
    __nv_fp8_storage_t __x;  ///< the bits

    Fp8() = default;
    explicit Fp8(double value) : __x(__nv_cvt_double_to_fp8(value, __NV_SATFINITE, kind)) {}
    explicit Fp8(float value) : Fp8(double(value)) {}
    explicit Fp8(__half value) : Fp8(float(value)) {}
    explicit Fp8(__nv_bfloat16 value) : Fp8(float(value)) {}
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    explicit Fp8(Integer value) : Fp8(to_odd_double(value)) {}

    explicit operator __half() const { return __nv_cvt_fp8_to_halfraw(__x, kind); }
    explicit operator float() const { return float(__half(*this)); }
    explicit operator double() const { return float(*this); }
    explicit operator __nv_bfloat16() const { return float(*this); }
    explicit operator bool() const { return (__x & 0x7f) != 0; }
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    explicit operator Integer() const {
        return to_integer<Integer, Rounding::toward_zero>(float(*this));
    }
};

/// Two values, the first in the lower byte.
template <__nv_fp8_interpretation_t kind>
struct Fp8x2 {
    __nv_fp8x2_storage_t __x;  ///< the bits

    Fp8x2() = default;
    explicit Fp8x2(double2 value) : __x(__nv_cvt_double2_to_fp8x2(value, __NV_SATFINITE, kind)) {}
    explicit Fp8x2(float2 value) : Fp8x2(double2{value.x, value.y}) {}
    explicit Fp8x2(__half2 value) : Fp8x2(__half22float2(value)) {}
    explicit Fp8x2(__nv_bfloat162 value) : Fp8x2(__bfloat1622float2(value)) {}

    explicit operator __half2() const { return __nv_cvt_fp8x2_to_halfraw2(__x, kind); }
    explicit operator float2() const { return __half22float2(__half2(*this)); }
};

/// Four values, the first in the lowest byte.
template <__nv_fp8_interpretation_t kind>
struct Fp8x4 {
    __nv_fp8x4_storage_t __x;  ///< the bits

    Fp8x4() = default;
    template <typename Pair>
    explicit Fp8x4(Pair low, Pair high)
        : __x(unsigned{Fp8x2<kind>(high).__x} << 16 | Fp8x2<kind>(low).__x) {}
    explicit Fp8x4(float4 v) : Fp8x4(float2{v.x, v.y}, float2{v.z, v.w}) {}
    explicit Fp8x4(double4 v) : Fp8x4(double2{v.x, v.y}, double2{v.z, v.w}) {}
    explicit Fp8x4(double4_16a v) : Fp8x4(double2{v.x, v.y}, double2{v.z, v.w}) {}
    explicit Fp8x4(double4_32a v) : Fp8x4(double2{v.x, v.y}, double2{v.z, v.w}) {}

    explicit operator float4() const {
        Fp8x2<kind> low;
        Fp8x2<kind> high;
        low.__x = static_cast<__nv_fp8x2_storage_t>(__x);
        high.__x = static_cast<__nv_fp8x2_storage_t>(__x >> 16);
        const float2 first = float2(low);
        const float2 second = float2(high);
        return {first.x, first.y, second.x, second.y};
    }
};

}  // namespace t2t::cpu_device

/// @name The types by CUDA's names
///@{
#define T2T_FP8(name, base, kind)                \
    struct name : t2t::cpu_device::base<kind> {  \
        using t2t::cpu_device::base<kind>::base; \
    };
T2T_FP8(__nv_fp8_e4m3, Fp8, __NV_E4M3)
T2T_FP8(__nv_fp8_e5m2, Fp8, __NV_E5M2)
T2T_FP8(__nv_fp8x2_e4m3, Fp8x2, __NV_E4M3)
T2T_FP8(__nv_fp8x2_e5m2, Fp8x2, __NV_E5M2)
T2T_FP8(__nv_fp8x4_e4m3, Fp8x4, __NV_E4M3)
T2T_FP8(__nv_fp8x4_e5m2, Fp8x4, __NV_E5M2)
#undef T2T_FP8
///@}
