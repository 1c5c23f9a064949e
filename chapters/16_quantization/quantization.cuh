/// @file
/// Weights in fewer bits, read once a token: the ladders of chapter 16.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::quantization {

/// Sizes of y[m, n] = x[m, k] · w[n, k]ᵀ with few rows.
struct GemvShape {
    std::int64_t m;  ///< rows of x and y: the sequences of a batch, each with one token
    std::int64_t n;  ///< rows of w, columns of y: the layer's outputs
    std::int64_t k;  ///< columns of x and w: the layer's inputs
};

/// y[i, j] = bias[j] + Σₖ x[i, k] · w[j, k], summed in fp32: a linear layer on a handful of tokens.
///
/// A row of y does not depend on m, nor on the other rows of x, to the bit: a sequence gets the same
/// numbers in a batch as alone.
///
/// @tparam T      float or __nv_bfloat16: the type of x
/// @tparam Weight float or __nv_bfloat16, and __nv_bfloat16 where T is
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
template <typename T, typename Weight>
using Gemv = void(const T* x, const Weight* w, const float* bias, float* y, GemvShape shape,
                  cudaStream_t stream);

template <typename T, typename Weight>
void v1_gemv_thread_per_row(const T* x, const Weight* w, const float* bias, float* y,
                            GemvShape shape, cudaStream_t stream);
template <typename T, typename Weight>
void v2_gemv_warp_per_row(const T* x, const Weight* w, const float* bias, float* y, GemvShape shape,
                          cudaStream_t stream);

/// The ladder of the GEMV: how the weights, each read once, come in.
template <typename T, typename Weight>
inline constexpr Ladder gemv_ladder{
    "gemv", std::array{
                Rung<Gemv<T, Weight>>{"v1_gemv_thread_per_row", v1_gemv_thread_per_row<T, Weight>,
                                      "a thread a row of w"},
                Rung<Gemv<T, Weight>>{"v2_gemv_warp_per_row", v2_gemv_warp_per_row<T, Weight>,
                                      "a warp a row of w, neighbours side by side"},
            }};

/// y[i] = x[i] rounded to bf16, to nearest with ties to even: half the bytes, 8 bits of mantissa.
///
/// @param x      [n]
/// @param y      [n], overwritten; must not overlap x
/// @param n      elements, 0 or more; with n = 0 nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is not
///                               16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
using RoundToBf16 = void(const float* x, __nv_bfloat16* y, std::int64_t n, cudaStream_t stream);

RoundToBf16 v1_round_element;

/// The ladder of rounding to bf16.
inline constexpr Ladder round_ladder{
    "round_to_bf16",
    std::array{
        Rung<RoundToBf16>{"v1_round_element", v1_round_element, "an element a thread"},
    }};

}  // namespace t2t::quantization
