/// @file
/// LayerNorm and RMSNorm: the ladders of chapter 09.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::normalization {

/// Sizes of a matrix whose rows are normalised one by one.
struct NormShape {
    std::int64_t rows;   ///< the tokens
    std::int64_t width;  ///< elements of one row: the model's width
    float epsilon;       ///< added under the root, > 0
};

/// y[r, c] = (x[r, c] − μᵣ) / √(σᵣ² + ε) · weight[c] + bias[c], with μᵣ and σᵣ² the mean and the
/// (biased) variance of row r. (Ba, Kiros and Hinton, Layer Normalization, 2016.)
///
/// Computed in fp32; the variance is the mean of squared distances from μᵣ, which does not cancel
/// when a row lies far from 0.
///
/// @tparam T     float or __nv_bfloat16: the type of y
/// @param x      [rows, width], row-major
/// @param weight [width]
/// @param bias   [width]
/// @param y      [rows, width], overwritten; must not overlap the others
/// @param shape  any sizes; with no element nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, ε that is not > 0, a null pointer, or
///                               a pointer that is not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using LayerNorm = void(const float* x, const float* weight, const float* bias, T* y,
                       NormShape shape, cudaStream_t stream);

template <typename T>
void v1_layer_norm_thread_per_row(const float* x, const float* weight, const float* bias, T* y,
                                  NormShape shape, cudaStream_t stream);
template <typename T>
void v2_layer_norm_block_per_row(const float* x, const float* weight, const float* bias, T* y,
                                 NormShape shape, cudaStream_t stream);

/// The ladder of LayerNorm: how threads share a row.
template <typename T>
inline constexpr Ladder layer_norm_ladder{
    "layer_norm",
    std::array{
        Rung<LayerNorm<T>>{"v1_layer_norm_thread_per_row", v1_layer_norm_thread_per_row<T>,
                           "a thread a row"},
        Rung<LayerNorm<T>>{"v2_layer_norm_block_per_row", v2_layer_norm_block_per_row<T>,
                           "a block a row, sums halved in shared memory"},
    }};

/// y[r, c] = x[r, c] / √(mean of x[r, ·]² + ε) · weight[c], computed in fp32.
/// (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.)
///
/// @tparam T     float or __nv_bfloat16: the type of y
/// @param x      [rows, width], row-major
/// @param weight [width]
/// @param y      [rows, width], overwritten; must not overlap the others
/// @param shape  any sizes; with no element nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument as for LayerNorm
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using RmsNorm = void(const float* x, const float* weight, T* y, NormShape shape,
                     cudaStream_t stream);

template <typename T>
void v1_rms_norm_thread_per_row(const float* x, const float* weight, T* y, NormShape shape,
                                cudaStream_t stream);
template <typename T>
void v2_rms_norm_block_per_row(const float* x, const float* weight, T* y, NormShape shape,
                               cudaStream_t stream);

/// The ladder of RMSNorm: how threads share a row.
template <typename T>
inline constexpr Ladder rms_norm_ladder{
    "rms_norm", std::array{
                    Rung<RmsNorm<T>>{"v1_rms_norm_thread_per_row", v1_rms_norm_thread_per_row<T>,
                                     "a thread a row"},
                    Rung<RmsNorm<T>>{"v2_rms_norm_block_per_row", v2_rms_norm_block_per_row<T>,
                                     "a block a row, sums halved in shared memory"},
                }};

}  // namespace t2t::normalization
