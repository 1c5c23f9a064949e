/// @file
/// What the threads of a block do together.
#pragma once

#include <cuda_runtime.h>

namespace t2t {

/// One number made of every thread's `value`, the same in every thread.
///
/// In each step the lower half of the threads combines its numbers with those of the upper half. The
/// order is the same in every run, and so is the rounding.
/// @param values  [blockDim.x], shared; blockDim.x is a power of two
/// @param combine of two numbers one: their sum, their maximum
template <typename Combine>
__device__ float block_reduce(float value, float* values, Combine combine) {
    const unsigned thread = threadIdx.x;
    values[thread] = value;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (thread < half) values[thread] = combine(values[thread], values[thread + half]);
        __syncthreads();  // the next step reads what others have written in this one
    }
    const float result = values[0];
    __syncthreads();  // all have read it before `values` is used again
    return result;
}

/// The sum of `value` over the block; as block_reduce().
__device__ inline float block_sum(float value, float* values) {
    return block_reduce(value, values, [](float a, float b) { return a + b; });
}

/// The largest `value` of the block; as block_reduce(). fmaxf skips a NaN.
__device__ inline float block_max(float value, float* values) {
    return block_reduce(value, values, [](float a, float b) { return fmaxf(a, b); });
}

}  // namespace t2t
