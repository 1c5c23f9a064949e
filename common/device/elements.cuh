/// @file
/// Numbers of less than 32 bits on their way in and out of fp32 arithmetic.
///
/// Kernels compute in fp32 whatever their operands are stored in. A template over the storage type
/// calls these two, and reads the same for float and __nv_bfloat16.
#pragma once

#include <cuda_bf16.h>

namespace t2t {

/// A float as it is.
__device__ inline float to_float(float x) {
    return x;
}
/// A bf16 value as float, which holds it exactly.
__device__ inline float to_float(__nv_bfloat16 x) {
    return __bfloat162float(x);
}

/// `x` as T, rounded to nearest with ties to even.
template <typename T>
__device__ T from_float(float x);
/// A float as it is.
template <>
__device__ inline float from_float<float>(float x) {
    return x;
}
/// A float rounded to bf16.
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x) {
    return __float2bfloat16_rn(x);
}

}  // namespace t2t
