/// @file
/// Vector add in fp32: the ladder of chapter 01.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::vector_add {

/// c[i] = a[i] + b[i] in fp32, rounded to nearest.
///
/// @param a      [n]
/// @param b      [n]
/// @param c      [n], overwritten; may be `a` or `b` itself (c = a gives x += y), but must not
///               overlap them in any other way
/// @param n      elements, 0 or more; with n = 0 nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
///                               not 16-byte aligned (every address from cudaMalloc is)
/// @throws t2t::CudaError        the device refused the launch
using VectorAdd = void(const float* a, const float* b, float* c, std::int64_t n,
                       cudaStream_t stream);

VectorAdd v1_one_element;
VectorAdd v2_grid_stride;
VectorAdd v3_vectorised;

/// The ladder, from the ground up. Tests, benchmarks, docs and the generator read it here.
inline constexpr Ladder ladder{
    "vector_add",
    std::array{
        Rung<VectorAdd>{"v1_one_element", v1_one_element, "one thread for each element"},
        Rung<VectorAdd>{"v2_grid_stride", v2_grid_stride, "as many threads as fit, each in a loop"},
        Rung<VectorAdd>{"v3_vectorised", v3_vectorised,
                        "four neighbours a thread, 16 bytes an access"},
    }};

}  // namespace t2t::vector_add
