/// @file
/// __half and __half2: IEEE 754 binary16, with 1 sign, 5 exponent and 10 mantissa bits.
#pragma once

#include <type_traits>

#include "crt/host_defines.h"
#include "crt/narrow_pair.h"
#include "vector_types.h"

struct __nv_bfloat16;

namespace t2t::cpu_device {

// The compiler's own 16-bit type, where the processor converts it in one instruction.
#if defined(__F16C__) && !defined(__clang__)
#define T2T_NATIVE_HALF _Float16
#elif defined(__F16C__) || defined(__aarch64__)
#define T2T_NATIVE_HALF __fp16
#endif

/// The bits of `value` as a __half, rounded to nearest even.
inline unsigned short to_half_bits(float value) {
#if defined(T2T_NATIVE_HALF)
    // The processor keeps a NaN's sign and payload; CUDA has one NaN.
    const auto bits = __builtin_bit_cast(unsigned short, static_cast<T2T_NATIVE_HALF>(value));
    return value == value ? bits : fp16.nan();
#else
    return encode<fp16>(value);
#endif
}

/// The value of a __half of these bits.
inline float from_half_bits(unsigned short bits) {
#if defined(T2T_NATIVE_HALF)
    return static_cast<float>(__builtin_bit_cast(T2T_NATIVE_HALF, bits));
#else
    return decode<fp16>(bits);
#endif
}

#undef T2T_NATIVE_HALF

}  // namespace t2t::cpu_device

#define T2T_WORD half
#define T2T_VALUE __half
#define T2T_PAIR __half2
#define T2T_OTHER_VALUE __nv_bfloat16
#define T2T_FORMAT fp16
#include "crt/narrow_type.inc"

using half = __half;
using half2 = __half2;
using nv_half = __half;
using nv_half2 = __half2;
using __nv_half = __half;
using __nv_half2 = __half2;
using __nv_half_raw = __half_raw;
using __nv_half2_raw = __half2_raw;
