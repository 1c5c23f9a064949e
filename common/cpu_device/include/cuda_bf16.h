/// @file
/// __nv_bfloat16 and __nv_bfloat162: the upper half of a float, with 1 sign, 8 exponent and 7
/// mantissa bits.
#pragma once

#include <type_traits>

#include "crt/host_defines.h"
#include "crt/narrow_pair.h"
#include "cuda_fp16.h"
#include "vector_types.h"

namespace t2t::cpu_device {

/// The bits of `value` as a __nv_bfloat16, rounded to nearest even.
inline unsigned short to_bfloat16_bits(float value) {
    const auto bits = __builtin_bit_cast(unsigned, value);
    // Just under half of the last bit kept, or half when that bit is odd: a tie then goes to the
    // even.
    const unsigned rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return static_cast<unsigned short>(value == value ? rounded : bf16.nan());
}

/// The value of a __nv_bfloat16 of these bits.
inline float from_bfloat16_bits(unsigned short bits) {
    return __builtin_bit_cast(float, static_cast<unsigned>(bits) << 16);
}

}  // namespace t2t::cpu_device

#define T2T_WORD bfloat16
#define T2T_VALUE __nv_bfloat16
#define T2T_PAIR __nv_bfloat162
#define T2T_OTHER_VALUE __half
#define T2T_FORMAT bf16
#include "crt/narrow_type.inc"

using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

inline __half::__half(__nv_bfloat16 value) : __half(float(value)) {}
inline __nv_bfloat16::__nv_bfloat16(__half value) : __nv_bfloat16(float(value)) {}
