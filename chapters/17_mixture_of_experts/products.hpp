/// @file
/// How a warp multiplies rows of weights with a vector, several rows at the same time.
#pragma once

#include <cstdint>

#include "chapters/17_mixture_of_experts/launch.hpp"
#include "common/device/elements.cuh"

namespace t2t::mixture_of_experts {

/// `count` neighbours in memory, which a lane loads 16 bytes at a time where they have as many.
template <typename T, int count>
struct alignas(count * sizeof(T) < 16 ? count * sizeof(T) : 16) Neighbours {
    T values[count];  ///< side by side
};

/// Adds this lane's part of rows[r] · x to sums[r], for all r; `length` is a multiple of `step`.
template <int step, int count, typename T, typename Weight>
__device__ void add_products(float (&sums)[count], const Weight* const (&rows)[count], const T* x,
                             std::int64_t length) {
    const int lane = threadIdx.x % warp_size;
    for (std::int64_t k = lane * step; k < length; k += warp_size * step) {
        const auto factors = *reinterpret_cast<const Neighbours<T, step>*>(x + k);
        for (int r = 0; r < count; ++r) {
            const auto weights = *reinterpret_cast<const Neighbours<Weight, step>*>(rows[r] + k);
            for (int i = 0; i < step; ++i) {
                sums[r] += to_float(factors.values[i]) * to_float(weights.values[i]);
            }
        }
    }
}

/// The total of sums[r] over all lanes, in each lane whose number is r modulo `count`.
///
/// Each step halves what a lane has to carry: it keeps one half of its sums and gives the other to
/// the lane that keeps that one. 4 sums take 6 shuffles this way, and 20 one after the other.
template <int count>
__device__ float total_over_warp(float (&sums)[count]) {
    const int lane = threadIdx.x % warp_size;
#pragma unroll
    for (int half = count / 2; half > 0; half /= 2) {
        const bool upper = (lane & half) != 0;
        for (int i = 0; i < half; ++i) {
            const float kept = upper ? sums[half + i] : sums[i];
            const float given = upper ? sums[i] : sums[half + i];
            sums[i] = kept + __shfl_xor_sync(full_warp, given, half);
        }
    }
#pragma unroll
    for (int distance = count; distance < warp_size; distance *= 2) {
        sums[0] += __shfl_xor_sync(full_warp, sums[0], distance);
    }
    return sums[0];
}

}  // namespace t2t::mixture_of_experts
