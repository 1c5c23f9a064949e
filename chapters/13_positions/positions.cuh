/// @file
/// How a transformer knows where a token stands: the ladders of chapter 13.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::positions {

/// Sizes of a lookup of learned positions.
struct LearnedShape {
    std::int64_t tokens;  ///< rows of x
    std::int64_t width;   ///< the model's width
    std::int64_t rows;    ///< rows of the table: the longest context
};

/// x[t, :] += table[positions[t], :]: GPT-2's learned positions.
///
/// A position below 0 or not below `rows` has no row. Such a token becomes NaN: nothing outside the
/// table is read, and the mistake shows in whatever is computed next.
///
/// @param x         [tokens, width], row-major, read and overwritten; must not overlap the others
/// @param table     [rows, width], row-major
/// @param positions [tokens]
/// @param shape     any sizes; with no element of x nothing happens and the pointers may be null
/// @param stream    where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, `positions` not
///                               4-byte aligned, `x` or `table` not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
using LearnedPositions = void(float* x, const float* table, const std::int32_t* positions,
                              LearnedShape shape, cudaStream_t stream);

LearnedPositions v1_learned_element;

/// The ladder of learned positions.
inline constexpr Ladder learned_ladder{
    "learned_positions",
    std::array{
        Rung<LearnedPositions>{"v1_learned_element", v1_learned_element, "an element a thread"},
    }};

/// Sizes of the queries, keys and values of some tokens.
struct HeadsShape {
    std::int64_t tokens;    ///< rows
    std::int64_t heads;     ///< query heads
    std::int64_t kv_heads;  ///< key heads, and as many value heads
    std::int64_t head_dim;  ///< values of one head; even where something is rotated
};

/// Splits the output of the QKV layer into queries, keys and values, and turns queries and keys by
/// their token's position (rotary position embedding).
///
/// With position p, pair i of a head is its elements i and i + head_dim / 2 (as Hugging Face stores
/// Llama), and the angle is α = p · frequencies[i], rounded to fp32 once:
/// first' = first · cos α − second · sin α, second' = second · cos α + first · sin α. Values are
/// copied. Without frequencies queries and keys are copied too.
/// (Su and others, RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.)
///
/// @tparam T          float or __nv_bfloat16: the type of q, k and v
/// @param qkv         [tokens, (heads + 2 · kv_heads) · head_dim], row-major: in each row the query
///                    heads, then the key heads, then the value heads
/// @param positions   [tokens]; null where frequencies is null
/// @param frequencies [head_dim / 2], radians a position; or null: nothing is turned
/// @param q           [tokens, heads, head_dim], overwritten
/// @param k           [tokens, kv_heads, head_dim], overwritten
/// @param v           [tokens, kv_heads, head_dim], overwritten; q, k and v must not overlap each
///                    other or the inputs
/// @param shape       any sizes; with no element nothing happens and the pointers may be null
/// @param stream      where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, an odd head_dim with frequencies, a
///                               null pointer, or qkv, q, k or v not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using Rope = void(const float* qkv, const std::int32_t* positions, const float* frequencies, T* q,
                  T* k, T* v, HeadsShape shape, cudaStream_t stream);

template <typename T>
void v1_rope_sincos(const float* qkv, const std::int32_t* positions, const float* frequencies, T* q,
                    T* k, T* v, HeadsShape shape, cudaStream_t stream);

/// The ladder of RoPE: where sine and cosine come from.
template <typename T>
inline constexpr Ladder rope_ladder{
    "rope", std::array{
                Rung<Rope<T>>{"v1_rope_sincos", v1_rope_sincos<T>, "sincosf for every pair"},
            }};

}  // namespace t2t::positions
