/// @file
/// How a warp multiplies rows of weights with a vector, several rows at the same time.
#pragma once

#include <cstdint>

#include "common/device/vectors.cuh"
#include "common/device/warp.cuh"

namespace t2t::mixture_of_experts {

/// Adds this lane's part of rows[r] · x to sums[r], for all r. A lane reads `step` neighbours at once;
/// `length` is a multiple of `step`.
template <int step, int count, typename X, typename W>
__device__ void add_products(float (&sums)[count], const W* const (&rows)[count], const X* x,
                             std::int64_t length) {
    const int lane = threadIdx.x % warp_size;
    for (std::int64_t k = lane * step; k < length; k += warp_size * step) {
        float factors[step];
        load_floats(x + k, factors);
        for (int r = 0; r < count; ++r) {
            float weights[step];
            load_floats(rows[r] + k, weights);
            for (int i = 0; i < step; ++i) sums[r] += factors[i] * weights[i];
        }
    }
}

}  // namespace t2t::mixture_of_experts
