/// @file
/// How the block-per-row rungs of chapter 09 add up a row.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "chapters/09_normalization/launch.hpp"

namespace t2t::normalization {

/// Threads for a row: a power of two from a warp to block_size that gives each about eight elements.
/// What a thread adds up alone needs no barrier.
inline int threads_for(std::int64_t width) {
    int threads = warp_size;
    while (8 * threads < width && threads < block_size) threads *= 2;
    return threads;
}

/// The sum of `value` over all threads of a block, which all get it. The order is the same in every
/// run, and so is the rounding.
/// @param partial [blockDim.x], shared; blockDim.x is a power of two
__device__ inline float block_sum(float value, float* partial) {
    partial[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    const float sum = partial[0];
    __syncthreads();  // all have read it before the next sum takes its place
    return sum;
}

}  // namespace t2t::normalization
