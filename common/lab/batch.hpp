/// @file
/// What one pass of a model works on, and where it keeps keys and values.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace t2t {

/// The tokens of one pass: runs of neighbouring tokens of several sequences, one run after the other.
///
/// With one token for each sequence it is a decode pass. A prompt is one sequence with many tokens; both
/// kinds may stand in one pass. Numbers on the host are bounds for grids, and counts: bounds may be
/// rounded up, so that a captured pass can be replayed when sequences grow. A row of padding belongs to
/// no sequence: its owner is −1, and its id and position do not matter.
struct Batch {
    std::int64_t tokens = 0;        ///< rows of this pass, padding included
    std::int64_t runs = 0;          ///< runs of tokens, each of another sequence
    std::int64_t most_queries = 0;  ///< tokens of one run at most; 1: a decode pass
    std::int64_t longest = 0;       ///< positions of one sequence at most, these tokens included
    std::int64_t cached = 0;        ///< positions that the runs see, summed; for counting bytes
    std::int64_t pairs = 0;         ///< of a token and a position that it sees; for counting FLOPs
    std::int64_t sequences = 0;     ///< rows of `pages`
    std::int64_t pages_per_sequence = 0;  ///< columns of `pages`
    const std::int32_t* ids = nullptr;    ///< [tokens], on the device: vocabulary numbers
    const std::int32_t* positions =
        nullptr;                           ///< [tokens], on the device: places in their sequences
    const std::int32_t* owners = nullptr;  ///< [tokens], on the device: rows of `pages`, or −1
    const std::int32_t* starts = nullptr;  ///< [runs + 1], on the device: each run's first token
    const std::int32_t* pages = nullptr;   ///< [sequences, pages_per_sequence], on the device
};

/// Keys and values of one layer, in pages. A page holds `page` neighbouring positions of one sequence:
/// position p of sequence s lies in page number pages[s, p / page], at place p % page. One page as long
/// as the context is the contiguous cache.
/// (Kwon and others, Efficient Memory Management for Large Language Model Serving with PagedAttention,
/// 2023.)
/// @tparam T float or __nv_bfloat16
template <typename T>
struct CacheView {
    T* keys = nullptr;            ///< [page_count, page, kv_heads, head_dim]
    T* values = nullptr;          ///< [page_count, page, kv_heads, head_dim]
    std::int64_t page_count = 0;  ///< pages of all sequences
    std::int64_t page = 0;        ///< positions in one page
};

/// Where a position of a sequence lies in a cache, as a row of [page_count · page] rows; −1 where the
/// sequence, the position or its page lies outside.
template <typename T>
__device__ std::int64_t cache_row(const Batch& batch, const CacheView<T>& cache,
                                  std::int64_t sequence, std::int64_t position) {
    if (sequence < 0 || sequence >= batch.sequences) return -1;
    if (position < 0 || position >= batch.pages_per_sequence * cache.page) return -1;
    // Positions have 32 bits, and a 32-bit division takes half as long.
    const auto place = static_cast<unsigned>(position);
    const auto page = static_cast<unsigned>(cache.page);
    const std::int64_t number = batch.pages[sequence * batch.pages_per_sequence + place / page];
    if (number < 0 || number >= cache.page_count) return -1;
    return number * cache.page + place % page;
}

}  // namespace t2t
