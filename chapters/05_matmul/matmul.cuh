/// @file
/// Matrix multiplication in fp32, as a linear layer: the ladder of chapter 05.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::matmul {

/// Sizes of y[m, n] = x[m, k] · w[n, k]ᵀ.
struct MatmulShape {
    std::int64_t m;  ///< rows of x and y: the tokens
    std::int64_t n;  ///< rows of w, columns of y: the layer's outputs
    std::int64_t k;  ///< columns of x and w: the layer's inputs
};

/// y[i, j] = bias[j] + Σₖ x[i, k] · w[j, k], summed in fp32: a linear layer as PyTorch stores it, one
/// row of w for each output.
///
/// @tparam Weight float or __nv_bfloat16; a bf16 weight is widened, which is exact
/// @param x      [m, k], row-major
/// @param w      [n, k], row-major
/// @param bias   [n], or null for none
/// @param y      [m, n], row-major, overwritten; must not overlap the others
/// @param shape  any sizes; with m = 0 or n = 0 nothing happens and the pointers may be null; with
///               k = 0 y becomes the bias
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
///                               not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename Weight>
using Matmul = void(const float* x, const Weight* w, const float* bias, float* y, MatmulShape shape,
                    cudaStream_t stream);

template <typename Weight>
void v1_naive(const float* x, const Weight* w, const float* bias, float* y, MatmulShape shape,
              cudaStream_t stream);
template <typename Weight>
void v2_shared_tiles(const float* x, const Weight* w, const float* bias, float* y,
                     MatmulShape shape, cudaStream_t stream);

/// The ladder: how often each number is fetched.
template <typename Weight>
inline constexpr Ladder ladder{
    "matmul",
    std::array{
        Rung<Matmul<Weight>>{"v1_naive", v1_naive<Weight>, "a thread an output"},
        Rung<Matmul<Weight>>{"v2_shared_tiles", v2_shared_tiles<Weight>,
                             "a block fetches tiles of x and w once, for all its threads"},
    }};

}  // namespace t2t::matmul
