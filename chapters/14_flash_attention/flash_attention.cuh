/// @file
/// Causal attention over a cache: the operation of chapters 14 and 15, and the ladder of chapter 14, for
/// prompts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/batch.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::flash_attention {

/// How a model attends.
struct AttentionShape {
    std::int64_t heads = 0;     ///< query heads
    std::int64_t kv_heads = 0;  ///< key and value heads; divides heads
    std::int64_t head_dim = 0;  ///< values of one head
    std::int64_t window = 0;    ///< how many positions a token sees, itself included; 0 for all
    float scale = 1;            ///< factor of every q · k, usually 1 / √head_dim
};

/// The first position that the token at `position` sees.
__device__ inline std::int64_t first_seen(std::int64_t position, std::int64_t window) {
    return window > 0 && position >= window ? position - window + 1 : 0;
}

/// out[t, h, :] = Σⱼ softmaxⱼ(scale · q[t, h, :] · key(j, g)) · value(j, g), where head h reads key head
/// g = h / (heads / kv_heads), and j runs over the positions of token t's own sequence that it sees:
/// j ≤ positions[t], and with a window also j > positions[t] − window.
///
/// Computed in fp32. A token of padding, and one whose sequence, position or page lies outside the cache,
/// becomes NaN. Two ladders take this operation: chapter 14's for prompts, and chapter 15's for passes with
/// one token for each sequence.
///
/// @tparam T float or __nv_bfloat16
template <typename T>
struct Attention {
    const T* q = nullptr;  ///< [tokens, heads, head_dim]
    CacheView<T> cache{};  ///< only read; with the keys and values of these tokens in it
    T* out = nullptr;      ///< [tokens, heads, head_dim], overwritten; must not overlap the others
    Batch batch{};         ///< the tokens; their ids and starts are not read
    AttentionShape
        shape{};  ///< any sizes; with no element of out nothing happens, pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, kv_heads that do not divide heads, a null
    ///                               pointer, numbers of tokens that are not 4-byte aligned, or another
    ///                               pointer that is not 16-byte aligned
    bool check() const {
        const auto& [heads, kv_heads, head_dim, window, scale] = shape;
        require_extent("attention",
                       {{"tokens", batch.tokens}, {"heads", heads}, {"head_dim", head_dim}},
                       sizeof(T));
        require_extent("attention",
                       {{"page_count", cache.page_count},
                        {"page", cache.page},
                        {"kv_heads", kv_heads},
                        {"head_dim", head_dim}},
                       sizeof(T));
        require_extent(
            "attention",
            {{"sequences", batch.sequences}, {"pages_per_sequence", batch.pages_per_sequence}},
            sizeof(std::int32_t));
        require_extent("attention",
                       {{"pages_per_sequence", batch.pages_per_sequence}, {"page", cache.page}}, 1);
        require_size("attention", "longest", batch.longest);
        require_size("attention", "window", window);
        if (heads != 0 && (kv_heads == 0 || heads % kv_heads != 0)) {
            throw std::invalid_argument("attention: " + std::to_string(kv_heads) +
                                        " key heads do not divide " + std::to_string(heads) +
                                        " query heads; each key head serves as many queries");
        }
        if (batch.tokens == 0 || heads == 0 || head_dim == 0) return false;
        require_pointer("attention", "q", q, 16);
        require_pointer("attention", "out", out, 16);
        require_pointer("attention", "positions", batch.positions, sizeof(std::int32_t));
        require_pointer("attention", "owners", batch.owners, sizeof(std::int32_t));
        // A cache without room has nothing to read: every token lies outside it.
        if (cache.page_count > 0 && cache.page > 0) {
            require_pointer("attention", "keys", cache.keys, 16);
            require_pointer("attention", "values", cache.values, 16);
            require_pointer("attention", "pages", batch.pages, sizeof(std::int32_t));
        }
        return true;
    }
    /// Queries, outputs, and the keys and values that are seen, once each. Two products of 2 · head_dim
    /// operations for each head and each pair of a token and a position that it sees.
    Work work() const {
        const auto width = static_cast<double>(shape.head_dim);
        const auto heads = static_cast<double>(shape.heads);
        return {2 * width * sizeof(T) *
                    (static_cast<double>(batch.tokens) * heads +
                     static_cast<double>(batch.cached) * static_cast<double>(shape.kv_heads)),
                4 * width * heads * static_cast<double>(batch.pairs)};
    }
    /// Tokens, positions that are seen, heads, key heads and head_dim, for traces and messages.
    std::vector<std::int64_t> sizes() const {
        return {batch.tokens, batch.cached, shape.heads, shape.kv_heads, shape.head_dim};
    }
};

template <typename T>
void v1_three_kernels(const Attention<T>& op, cudaStream_t stream);

/// A score for each head, token and position, and what the softmax needs.
template <typename T>
std::size_t v1_three_kernels_workspace(const Attention<T>& op);

/// The ladder: how far the scores travel. Every launcher throws what check() throws, and t2t::CudaError
/// when the device refuses the launch.
template <typename T>
inline constexpr Ladder ladder{
    "attention",
    std::array{
        Rung<Attention<T>>{.name = "v1_three_kernels",
                           .run = v1_three_kernels<T>,
                           .idea = "scores, softmax, weighted sum; the scores go through memory",
                           .workspace = v1_three_kernels_workspace<T>},
    },
    type_text<T>};

}  // namespace t2t::flash_attention
