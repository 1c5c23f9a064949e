/// @file
/// What the lanes of a warp do together.
#pragma once

#include <cuda_runtime.h>

namespace t2t {

/// Lanes of a warp.
inline constexpr int warp_size = 32;
/// The mask of a warp operation in which all lanes take part.
inline constexpr unsigned full_warp = 0xffffffff;

/// The sum of `value` over the warp's lanes, in every lane.
///
/// In each step a lane adds what the lane `distance` away has: 16 away, then 8, 4, 2, 1. All lanes add
/// the same numbers in the same order, so they round the same.
__device__ inline float warp_sum(float value) {
#pragma unroll
    for (int distance = warp_size / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(full_warp, value, distance);
    }
    return value;
}

/// The largest `value` of the warp's lanes, in every lane; fmaxf skips a NaN.
__device__ inline float warp_max(float value) {
#pragma unroll
    for (int distance = warp_size / 2; distance > 0; distance /= 2) {
        value = fmaxf(value, __shfl_xor_sync(full_warp, value, distance));
    }
    return value;
}

/// Several sums over the warp at once: lane l gets the total of sums[l / (32 / count)].
///
/// Lanes 16 apart hold parts of the same sums. Each gives half of them away and keeps the other half:
/// after one exchange a lane has half as many sums, each from twice as many lanes. Four sums take 6
/// shuffles this way; one after the other they would take 20.
/// @tparam count a power of two, 32 at most
/// @param sums   this lane's parts; overwritten
template <int count>
__device__ float warp_sums(float (&sums)[count]) {
    static_assert(count > 0 && count <= warp_size && (count & (count - 1)) == 0);
    const unsigned lane = threadIdx.x % warp_size;
    unsigned distance = warp_size / 2;
#pragma unroll
    for (int kept = count / 2; kept > 0; kept /= 2) {
        const bool upper = lane & distance;
#pragma unroll
        for (int r = 0; r < kept; ++r) {
            const float given = upper ? sums[r] : sums[r + kept];
            const float own = upper ? sums[r + kept] : sums[r];
            sums[r] = own + __shfl_xor_sync(full_warp, given, distance);
        }
        distance /= 2;
    }
    float sum = sums[0];
#pragma unroll
    for (; distance > 0; distance /= 2) sum += __shfl_xor_sync(full_warp, sum, distance);
    return sum;
}

}  // namespace t2t
