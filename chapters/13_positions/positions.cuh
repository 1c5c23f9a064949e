/// @file
/// How a transformer knows where a token stands: the ladders of chapter 13.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/device/arguments.hpp"
#include "common/lab/batch.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::positions {

/// x[t, :] += table[positions[t], :]: GPT-2's learned positions.
///
/// A position below 0 or not below `rows` has no row. Such a token becomes NaN: nothing outside the
/// table is read, and the mistake shows in whatever is computed next.
struct LearnedPositions {
    /// [tokens, width], row-major, read and overwritten; must not overlap the others
    float* x = nullptr;
    const float* table = nullptr;             ///< [rows, width], row-major
    const std::int32_t* positions = nullptr;  ///< [tokens]
    /// Rows of x. With no element of x nothing happens and the pointers may be null.
    std::int64_t tokens = 0;
    std::int64_t width = 0;               ///< the model's width
    std::int64_t rows = 0;                ///< rows of the table: the longest context
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, `positions` not 4-byte
    ///                               aligned, `x` or `table` not 16-byte aligned
    bool check() const {
        constexpr int alignment = 16;  // bytes
        require_extent("learned_positions", {{"tokens", tokens}, {"width", width}}, sizeof(float));
        require_extent("learned_positions", {{"rows", rows}, {"width", width}}, sizeof(float));
        if (tokens == 0 || width == 0) return false;
        require_pointer("learned_positions", "x", x, alignment);
        // An empty table has no row to read: every position is outside it.
        if (rows > 0) require_pointer("learned_positions", "table", table, alignment);
        require_pointer("learned_positions", "positions", positions, sizeof(std::int32_t));
        return true;
    }
    /// x is read and written, a row of the table read for each token, each row once at most, and a position
    /// for each token; one addition for each element.
    Work work() const {
        const auto elements = static_cast<double>(tokens) * static_cast<double>(width);
        const auto table_rows = static_cast<double>(std::min(tokens, rows));
        return {8 * elements + 4 * table_rows * static_cast<double>(width) +
                    4 * static_cast<double>(tokens),
                elements};
    }
    /// Tokens and width, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {tokens, width}; }
};

void v1_learned_element(const LearnedPositions& op, cudaStream_t stream);

/// The ladder of learned positions. Every launcher throws what check() throws, and t2t::CudaError when the
/// device refuses the launch.
inline constexpr Ladder learned_ladder{
    "learned_positions", std::array{
                             Rung<LearnedPositions>{"v1_learned_element", v1_learned_element,
                                                    "one thread for each element"},
                         }};

/// Splits the output of the QKV layer into queries, keys and values, and turns queries and keys by
/// their token's position (rotary position embedding).
///
/// With position p, pair i of a head is its elements i and i + head_dim / 2 (as Hugging Face stores
/// Llama), and the angle is α = p · frequencies[i], rounded to fp32 once:
/// first' = first · cos α − second · sin α, second' = second · cos α + first · sin α. Values are
/// copied. Without frequencies queries and keys are copied too.
/// (Su and others, RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.)
///
/// @tparam T float or __nv_bfloat16: the type of q, k and v
template <typename T>
struct Rope {
    /// [tokens, (heads + 2 · kv_heads) · head_dim], row-major: in each row the query heads, then the key
    /// heads, then the value heads
    const float* qkv = nullptr;
    const std::int32_t* positions = nullptr;  ///< [tokens]; null where frequencies is null
    const float* frequencies =
        nullptr;     ///< [head_dim / 2], radians per position; or null: nothing is turned
    T* q = nullptr;  ///< [tokens, heads, head_dim], overwritten
    T* k = nullptr;  ///< [tokens, kv_heads, head_dim], overwritten
    /// [tokens, kv_heads, head_dim], overwritten; q, k and v must not overlap each other or the inputs
    T* v = nullptr;
    std::int64_t tokens =
        0;                   ///< rows; with no element nothing happens and the pointers may be null
    std::int64_t heads = 0;  ///< query heads
    std::int64_t kv_heads = 0;            ///< key heads, and as many value heads
    std::int64_t head_dim = 0;            ///< values of one head; even where something is turned
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// Heads in a row of qkv.
    std::int64_t row_heads() const { return heads + 2 * kv_heads; }

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, an odd head_dim with frequencies, a null
    ///                               pointer, or qkv, q, k or v not 16-byte aligned
    bool check() const {
        constexpr int alignment = 16;  // bytes
        require_size("rope", "tokens", tokens);
        // Each head has 4 bytes or more in qkv, so when these two fit, row_heads() does.
        require_extent("rope", {{"heads", heads}, {"head_dim", head_dim}}, sizeof(float));
        require_extent("rope", {{"kv_heads", kv_heads}, {"head_dim", head_dim}}, sizeof(float));
        if (frequencies != nullptr && head_dim % 2 != 0) {
            throw std::invalid_argument("rope: head_dim is " + std::to_string(head_dim) +
                                        "; elements are turned in pairs, use an even number");
        }
        if (head_dim == 0) return false;
        require_extent(
            "rope",
            {{"heads + 2 · kv_heads", row_heads()}, {"head_dim", head_dim}, {"tokens", tokens}},
            sizeof(float));
        if (tokens == 0 || row_heads() == 0) return false;
        require_pointer("rope", "qkv", qkv, alignment);
        if (frequencies != nullptr) {
            require_pointer("rope", "positions", positions, sizeof(std::int32_t));
            require_pointer("rope", "frequencies", frequencies, sizeof(float));
        }
        if (heads > 0) require_pointer("rope", "q", q, alignment);
        if (kv_heads > 0) {
            require_pointer("rope", "k", k, alignment);
            require_pointer("rope", "v", v, alignment);
        }
        return true;
    }
    /// A float in and a T out for each element. Where something is turned, a position for each token and the
    /// frequencies besides, and four products and two sums for each pair; sines are not counted.
    Work work() const {
        const double token_elements = static_cast<double>(tokens) * static_cast<double>(head_dim);
        const double elements = token_elements * static_cast<double>(row_heads());
        Work work{static_cast<double>(sizeof(float) + sizeof(T)) * elements, 0};
        if (frequencies != nullptr) {
            work.bytes += 4 * static_cast<double>(tokens) + 2 * static_cast<double>(head_dim);
            work.flops = 3 * token_elements * static_cast<double>(heads + kv_heads);
        }
        return work;
    }
    /// Tokens, heads, KV heads and head_dim, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {tokens, heads, kv_heads, head_dim}; }
};

template <typename T>
void v1_rope_sincos(const Rope<T>& op, cudaStream_t stream);

/// The ladder of RoPE: where sine and cosine come from. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder rope_ladder{
    "rope",
    std::array{
        Rung<Rope<T>>{"v1_rope_sincos", v1_rope_sincos<T>, "sincosf for every pair"},
    },
    type_text<T>};

/// From the output of the QKV layer to what attention reads: splits it, turns queries and keys as Rope does,
/// and puts keys and values into the cache as kv_cache::Append does.
///
/// A token of padding, and one whose sequence, position or page lies outside the cache, is not stored; its
/// queries are turned by its position all the same.
///
/// @tparam T float or __nv_bfloat16: the type of q and of the cache
template <typename T>
struct SplitQkv {
    /// [tokens, (heads + 2 · kv_heads) · head_dim], row-major: in each row the query heads, then the key
    /// heads, then the value heads
    const float* qkv = nullptr;
    const float* frequencies =
        nullptr;     ///< [head_dim / 2], radians per position; or null: nothing is turned
    T* q = nullptr;  ///< [tokens, heads, head_dim], overwritten
    CacheView<T>
        cache{};  ///< other positions keep what they hold; nothing may overlap anything else
    /// The tokens; no two share both sequence and position. Ids are not read. With no element nothing
    /// happens and the pointers may be null.
    Batch batch{};
    std::int64_t heads = 0;               ///< query heads
    std::int64_t kv_heads = 0;            ///< key heads, and as many value heads
    std::int64_t head_dim = 0;            ///< values of one head; even where something is turned
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// The first half, with keys and values on their way: [tokens, kv_heads, head_dim] each.
    Rope<T> rope(T* k, T* v) const {
        return {.qkv = qkv,
                .positions = frequencies == nullptr ? nullptr : batch.positions,
                .frequencies = frequencies,
                .q = q,
                .k = k,
                .v = v,
                .tokens = batch.tokens,
                .heads = heads,
                .kv_heads = kv_heads,
                .head_dim = head_dim};
    }
    /// The second half.
    kv_cache::Append<T> append(const T* k, const T* v) const {
        return {.k = k, .v = v, .cache = cache, .batch = batch, .width = kv_heads * head_dim};
    }

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument as Rope and kv_cache::Append, of which this is both
    bool check() const {
        // Keys and values have memory of their own only within a rung: any aligned address stands for it.
        T* const somewhere = reinterpret_cast<T*>(alignof(float4));
        const bool has_work = rope(somewhere, somewhere).check();
        append(somewhere, somewhere).check();
        return has_work;
    }
    /// qkv is read, queries and the cache's keys and values are written.
    Work work() const {
        const auto values = static_cast<double>(batch.tokens) *
                            static_cast<double>(heads + 2 * kv_heads) *
                            static_cast<double>(head_dim);
        return {values * (sizeof(float) + sizeof(T)) + 8 * static_cast<double>(batch.tokens), 0};
    }
    /// Tokens, heads, key heads and head_dim, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {batch.tokens, heads, kv_heads, head_dim}; }
};

template <typename T>
void v1_split_qkv_chain(const SplitQkv<T>& op, cudaStream_t stream);

/// Keys and values between the two halves, and what these need.
template <typename T>
std::size_t v1_split_qkv_chain_workspace(const SplitQkv<T>& op);

/// The ladder of split, RoPE and append: how far keys and values travel. Every launcher throws what check()
/// throws, and t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder split_qkv_ladder{
    "split_qkv",
    std::array{
        Rung<SplitQkv<T>>{
            .name = "v1_split_qkv_chain",
            .run = v1_split_qkv_chain<T>,
            .idea = "rope, then kv_append; keys and values go through memory between them",
            .workspace = v1_split_qkv_chain_workspace<T>},
    },
    type_text<T>};

}  // namespace t2t::positions
