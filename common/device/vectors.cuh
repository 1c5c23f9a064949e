/// @file
/// Several neighbours in one access: the widest load of a lane has 16 bytes.
#pragma once

#include <cuda_runtime.h>

#include "common/device/elements.cuh"

namespace t2t {

/// Bytes of the widest load and store.
inline constexpr int vector_bytes = 16;
/// How many T fit into it.
template <typename T>
inline constexpr int vector_width = vector_bytes / static_cast<int>(sizeof(T));

/// `count` neighbours as floats. What takes 16 bytes or more is read 16 bytes at a time, and `from` must
/// be 16-byte aligned then.
template <int count, typename T>
__device__ void load_floats(const T* from, float (&to)[count]) {
    if constexpr (count < vector_width<T>) {
#pragma unroll
        for (int i = 0; i < count; ++i) to[i] = to_float(from[i]);
    } else {
        static_assert(count % vector_width<T> == 0);
#pragma unroll
        for (int v = 0; v < count / vector_width<T>; ++v) {
            const uint4 vector = reinterpret_cast<const uint4*>(from)[v];
            const T* values = reinterpret_cast<const T*>(&vector);
#pragma unroll
            for (int e = 0; e < vector_width<T>; ++e) {
                to[v * vector_width<T> + e] = to_float(values[e]);
            }
        }
    }
}

}  // namespace t2t
