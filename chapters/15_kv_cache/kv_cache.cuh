/// @file
/// Keys and values that are kept: the ladders of chapter 15.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::kv_cache {

/// Sizes of an append to one layer's cache.
struct AppendShape {
    std::int64_t tokens;     ///< tokens to append, of any sequences
    std::int64_t sequences;  ///< rows of the cache
    std::int64_t capacity;   ///< positions that each sequence has room for
    std::int64_t width;      ///< values of one token: kv_heads · head_dim
};

/// keys[sequences[t], positions[t], :] = k[t, :], and values likewise from v.
///
/// A token whose sequence or position lies outside the cache is not stored.
///
/// @tparam T        float or __nv_bfloat16
/// @param k         [tokens, width]
/// @param v         [tokens, width]
/// @param sequences [tokens]: which sequence each token belongs to
/// @param positions [tokens]: where in its sequence it stands; no two tokens share both
/// @param keys      [sequences, capacity, width]; other positions keep what they hold
/// @param values    [sequences, capacity, width]; must not overlap the others
/// @param shape     any sizes; with no element of k nothing happens and the pointers may be null
/// @param stream    where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, `sequences` or
///                               `positions` not 4-byte aligned, another pointer not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using Append = void(const T* k, const T* v, const std::int32_t* sequences,
                    const std::int32_t* positions, T* keys, T* values, AppendShape shape,
                    cudaStream_t stream);

template <typename T>
void v1_append_element(const T* k, const T* v, const std::int32_t* sequences,
                       const std::int32_t* positions, T* keys, T* values, AppendShape shape,
                       cudaStream_t stream);

/// The ladder of the append.
template <typename T>
inline constexpr Ladder append_ladder{
    "kv_append",
    std::array{
        Rung<Append<T>>{"v1_append_element", v1_append_element<T>, "an element a thread"},
    }};

/// Sizes of the attention of one token for each sequence.
struct DecodeShape {
    std::int64_t tokens;     ///< tokens that ask, each of another sequence
    std::int64_t sequences;  ///< rows of the cache
    std::int64_t capacity;   ///< positions that each sequence has room for
    std::int64_t heads;      ///< query heads
    std::int64_t kv_heads;   ///< key and value heads; divides heads
    std::int64_t head_dim;   ///< values of one head
    std::int64_t window;     ///< how many positions a token sees, itself included; 0 for all
    float scale;             ///< factor of every q · k, usually 1 / √head_dim
};

/// out[t, h, :] = Σⱼ softmaxⱼ(scale · q[t, h, :] · keys[s, j, g, :]) · values[s, j, g, :], with
/// s = sequences[t], g = h / (heads / kv_heads), and j over the positions that token t sees:
/// j ≤ positions[t], and with a window also j > positions[t] − window.
///
/// Computed in fp32. A token's result does not depend on which others are in the batch, to the bit.
/// A token whose sequence or position lies outside the cache becomes NaN.
///
/// @tparam T        float or __nv_bfloat16
/// @param q         [tokens, heads, head_dim]
/// @param keys      [sequences, capacity, kv_heads, head_dim], with these tokens in it
/// @param values    [sequences, capacity, kv_heads, head_dim]
/// @param sequences [tokens]
/// @param positions [tokens]
/// @param out       [tokens, heads, head_dim], overwritten; must not overlap the others
/// @param shape     any sizes; with no element of out nothing happens and the pointers may be null
/// @param stream    where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, kv_heads that do not divide heads,
///                               head_dim above 4,096, more than 65,535 tokens, a null pointer,
///                               `sequences` or `positions` not 4-byte aligned, another pointer not
///                               16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using DecodeAttention = void(const T* q, const T* keys, const T* values,
                             const std::int32_t* sequences, const std::int32_t* positions, T* out,
                             DecodeShape shape, cudaStream_t stream);

template <typename T>
void v1_decode_block_per_head(const T* q, const T* keys, const T* values,
                              const std::int32_t* sequences, const std::int32_t* positions, T* out,
                              DecodeShape shape, cudaStream_t stream);

/// The ladder of decode attention: who shares the keys of one head.
template <typename T>
inline constexpr Ladder decode_ladder{
    "decode_attention",
    std::array{
        Rung<DecodeAttention<T>>{"v1_decode_block_per_head", v1_decode_block_per_head<T>,
                                 "a block a head, the keys in tiles, an online softmax"},
    }};

}  // namespace t2t::kv_cache
