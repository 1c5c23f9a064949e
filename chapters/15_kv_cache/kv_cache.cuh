/// @file
/// Keys and values that are kept: the ladders of chapter 15.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/device/arguments.hpp"
#include "common/lab/batch.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::kv_cache {

/// key(positions[t]) = k[t, :] in the pages of token t's sequence, and the value likewise from v.
///
/// A token of padding, and one whose sequence, position or page lies outside the cache, is not stored.
///
/// @tparam T float or __nv_bfloat16
template <typename T>
struct Append {
    const T* k = nullptr;  ///< [tokens, width]
    const T* v = nullptr;  ///< [tokens, width]
    CacheView<T> cache{};  ///< other positions keep what they hold; must not overlap k and v
    Batch batch{};  ///< the tokens; no two share both sequence and position. Ids are not read
    std::int64_t width =
        0;  ///< values of one token: kv_heads · head_dim. With no element of k nothing
            ///< happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, numbers of tokens that
    ///                               are not 4-byte aligned, or another pointer that is not 16-byte
    ///                               aligned
    bool check() const {
        require_extent("kv_append", {{"tokens", batch.tokens}, {"width", width}}, sizeof(T));
        require_extent("kv_append",
                       {{"page_count", cache.page_count}, {"page", cache.page}, {"width", width}},
                       sizeof(T));
        require_extent(
            "kv_append",
            {{"sequences", batch.sequences}, {"pages_per_sequence", batch.pages_per_sequence}},
            sizeof(std::int32_t));
        require_extent("kv_append",
                       {{"pages_per_sequence", batch.pages_per_sequence}, {"page", cache.page}}, 1);
        if (batch.tokens == 0 || width == 0) return false;
        require_pointer("kv_append", "k", k, 16);
        require_pointer("kv_append", "v", v, 16);
        require_pointer("kv_append", "positions", batch.positions, sizeof(std::int32_t));
        require_pointer("kv_append", "owners", batch.owners, sizeof(std::int32_t));
        // A cache without room stores nothing: every token lies outside it.
        if (cache.page_count == 0 || cache.page == 0) return false;
        require_pointer("kv_append", "pages", batch.pages, sizeof(std::int32_t));
        require_pointer("kv_append", "keys", cache.keys, 16);
        require_pointer("kv_append", "values", cache.values, 16);
        return true;
    }
    /// Keys and values are read and written; each token's owner and position is read.
    Work work() const {
        const auto tokens = static_cast<double>(batch.tokens);
        return {4 * tokens * static_cast<double>(width) * sizeof(T) + 8 * tokens, 0};
    }
    /// Tokens and width, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {batch.tokens, width}; }
};

template <typename T>
void v1_append_element(const Append<T>& op, cudaStream_t stream);

/// The ladder of the append. Every launcher throws what check() throws, and t2t::CudaError when the device
/// refuses the launch.
template <typename T>
inline constexpr Ladder append_ladder{
    "kv_append",
    std::array{
        Rung<Append<T>>{"v1_append_element", v1_append_element<T>, "one thread for each element"},
    },
    type_text<T>};

/// Decode attention is flash_attention::Attention on a pass with one token for each sequence.
///
/// A token's result does not depend on which others are in the batch, nor on the bounds that the batch
/// gives, to the bit. These rungs read keys of one sequence for one token; several tokens of a sequence are
/// right, too, but each reads the keys anew.
using flash_attention::Attention;

/// Largest head_dim of the decode rungs: a block keeps a query and an output of a head in shared memory.
inline constexpr std::int64_t max_head_dim = 4096;

template <typename T>
void v1_decode_block_per_head(const Attention<T>& op, cudaStream_t stream);
template <typename T>
void v2_decode_split(const Attention<T>& op, cudaStream_t stream);

/// For each token, head and part of its positions: a weighted sum of values, a maximum and a total.
template <typename T>
std::size_t v2_decode_split_workspace(const Attention<T>& op);

/// The ladder of decode attention: who shares the keys of one head. On the CPU device v1 is faster: a
/// shuffle costs more there than a strided walk. Every launcher throws what check() throws,
/// std::invalid_argument for a head_dim above max_head_dim and for more than 65,535 tokens, and
/// t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder decode_ladder{
    "decode_attention",
    std::array{
        Rung<Attention<T>>{"v1_decode_block_per_head", v1_decode_block_per_head<T>,
                           "one block for each head, the keys in tiles, an online softmax"},
        Rung<Attention<T>>{
            .name = "v2_decode_split",
            .run = v2_decode_split<T>,
            .idea = "one block for each 64 positions of a head; their results are joined",
            .workspace = v2_decode_split_workspace<T>},
    },
    type_text<T>, /*on_cpu_device=*/"v1_decode_block_per_head"};

}  // namespace t2t::kv_cache
