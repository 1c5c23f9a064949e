/// @file
/// Matrix multiplication in bf16 on tensor cores, as a linear layer: the ladder of chapter 11.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::tensor_cores {

/// Sizes of y[m, n] = x[m, k] · w[n, k]ᵀ.
struct MatmulShape {
    std::int64_t m;  ///< rows of x and y: the tokens
    std::int64_t n;  ///< rows of w, columns of y: the layer's outputs
    std::int64_t k;  ///< columns of x and w: the layer's inputs
};

/// y[i, j] = bias[j] + Σₖ x[i, k] · w[j, k]: products of bf16 values, exact, summed in fp32.
///
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
using Bf16Matmul = void(const __nv_bfloat16* x, const __nv_bfloat16* w, const float* bias, float* y,
                        MatmulShape shape, cudaStream_t stream);

Bf16Matmul v1_wmma;

/// The ladder: how the tensor cores are kept fed. bf16 products need compute capability 8.0.
inline constexpr Ladder ladder{
    "bf16_matmul",
    std::array{
        Rung<Bf16Matmul>{"v1_wmma", v1_wmma, "a warp multiplies 16 × 16 tiles with WMMA", {80}},
    }};

}  // namespace t2t::tensor_cores
