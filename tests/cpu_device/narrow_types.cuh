/// @file
/// __half and __nv_bfloat16 under names of their own, so that one test serves both.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "tests/cpu_device/evaluate.cuh"
#include "tests/cpu_device/rounding_reference.hpp"

namespace t2t::conformance {

/// Whether the kernels being compiled may use all of __nv_bfloat16's functions: they came with
/// compute capability 8.0. On an older GPU the tests of them are skipped.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
inline constexpr bool has_bfloat16_functions = false;
#else
inline constexpr bool has_bfloat16_functions = true;
#endif

/// The bits of up to three operands.
struct Operands {
    unsigned short a, b, c;
};

/// __half: its vector, its format, its bits.
struct Half {
    using Type = __half;
    using Pair = __half2;
    static constexpr bool available = true;
    static const NarrowFormat& format() { return half_format; }
    static __device__ Type from(unsigned short bits) { return __ushort_as_half(bits); }
    static __device__ unsigned short bits(Type value) { return __half_as_ushort(value); }
    static __device__ Pair pair(Type x, Type y) { return __halves2half2(x, y); }
    static __device__ Type low(Pair pair) { return __low2half(pair); }
    static __device__ Type high(Pair pair) { return __high2half(pair); }
};

/// __nv_bfloat16: its vector, its format, its bits.
struct Bfloat16 {
    using Type = __nv_bfloat16;
    using Pair = __nv_bfloat162;
    static constexpr bool available = has_bfloat16_functions;
    static const NarrowFormat& format() { return bfloat16_format; }
    static __device__ Type from(unsigned short bits) { return __ushort_as_bfloat16(bits); }
    static __device__ unsigned short bits(Type value) { return __bfloat16_as_ushort(value); }
    static __device__ Pair pair(Type x, Type y) { return __halves2bfloat162(x, y); }
    static __device__ Type low(Pair pair) { return __low2bfloat16(pair); }
    static __device__ Type high(Pair pair) { return __high2bfloat16(pair); }
};

/// Every 16-bit pattern.
inline std::vector<unsigned short> all_codes() {
    return tabulate<unsigned short>(65'536, [](int i) { return i; });
}

}  // namespace t2t::conformance

/// A function of operands a, b and c, for evaluate(); `expression` gives a value of type `out`.
#define T2T_NARROW_FUNCTION(name, out, expression)                        \
    template <typename Narrow>                                            \
    struct name {                                                         \
        using Result = out;                                               \
        __device__ Result operator()(Operands operands) const {           \
            if constexpr (Narrow::available) {                            \
                const auto a = Narrow::from(operands.a);                  \
                [[maybe_unused]] const auto b = Narrow::from(operands.b); \
                [[maybe_unused]] const auto c = Narrow::from(operands.c); \
                return expression;                                        \
            } else {                                                      \
                return {};                                                \
            }                                                             \
        }                                                                 \
    };
