/// @file
/// Causal attention over a prompt: the ladder of chapter 14.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::flash_attention {

/// Sizes of the attention of a run of neighbouring tokens of one sequence.
struct AttentionShape {
    std::int64_t queries;   ///< tokens that ask
    std::int64_t start;     ///< position of the first of them: so many tokens stand before
    std::int64_t heads;     ///< query heads
    std::int64_t kv_heads;  ///< key and value heads; divides heads
    std::int64_t head_dim;  ///< values of one head
    std::int64_t window;    ///< how many positions a token sees, itself included; 0 for all
    float scale;            ///< factor of every q · k, usually 1 / √head_dim

    /// Positions that keys and values hold.
    std::int64_t positions() const { return start + queries; }
};

/// out[i, h, :] = Σⱼ softmaxⱼ(scale · q[i, h, :] · keys[j, g, :]) · values[j, g, :], where head h
/// reads key head g = h / (heads / kv_heads), and j runs over the positions that token i sees:
/// j ≤ start + i, and with a window also j > start + i − window.
///
/// Computed in fp32.
///
/// @tparam T       float or __nv_bfloat16
/// @param q        [queries, heads, head_dim]
/// @param keys     [start + queries, kv_heads, head_dim]: the cache, with these tokens in it
/// @param values   [start + queries, kv_heads, head_dim]
/// @param scratch  [scratch_size(shape)], overwritten
/// @param out      [queries, heads, head_dim], overwritten; must not overlap the others
/// @param shape    any sizes; with no element of out nothing happens and the pointers may be null
/// @param stream   where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, kv_heads that do not divide heads, a
///                               null pointer, or a pointer that is not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using Attention = void(const T* q, const T* keys, const T* values, float* scratch, T* out,
                       AttentionShape shape, cudaStream_t stream);

/// Floats of scratch that any rung of the ladder may need: a score for each head, query and
/// position.
inline std::int64_t scratch_size(const AttentionShape& shape) {
    return shape.heads * shape.queries * shape.positions();
}

template <typename T>
void v1_three_kernels(const T* q, const T* keys, const T* values, float* scratch, T* out,
                      AttentionShape shape, cudaStream_t stream);

/// The ladder: how far the scores travel.
template <typename T>
inline constexpr Ladder ladder{
    "attention",
    std::array{
        Rung<Attention<T>>{"v1_three_kernels", v1_three_kernels<T>,
                           "scores, softmax, weighted sum; the scores go through memory"},
    }};

}  // namespace t2t::flash_attention
