/// @file
/// A cache of keys and values as plain loops: appending to it, and the attention of one token for
/// each sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/lab/reference/attention.hpp"

namespace t2t::lab::reference {

/// Sizes of a cache [sequences, capacity, width].
struct CacheSizes {
    std::int64_t sequences;  ///< rows
    std::int64_t capacity;   ///< positions of each
    std::int64_t width;      ///< values of a position
};

/// cache[sequences[t], positions[t], :] = rows[t, :]; a token outside the cache is not stored.
/// @param cache      [sequences, capacity, width], as it is before
/// @param rows       [tokens, width]
/// @param sequences  [tokens]
/// @param positions  [tokens]
/// @param sizes      of the cache
/// @returns          the cache afterwards
/// @throws std::invalid_argument when the lengths do not fit each other
std::vector<double> append(std::span<const float> cache, std::span<const float> rows,
                           std::span<const std::int32_t> sequences,
                           std::span<const std::int32_t> positions, const CacheSizes& sizes);

/// attention() of each token over its own sequence up to its own position. A token outside the
/// cache gives NaN.
/// @param q          [tokens, heads, head_dim]
/// @param keys       [sequences, capacity, kv_heads, head_dim]
/// @param values     as keys
/// @param sequences  [tokens]
/// @param positions  [tokens]
/// @param cache      sizes of the cache; its width is kv_heads · head_dim
/// @param sizes      of the attention
/// @returns          [tokens, heads, head_dim]
/// @throws std::invalid_argument when the lengths do not fit each other
std::vector<double> decode_attention(std::span<const float> q, std::span<const float> keys,
                                     std::span<const float> values,
                                     std::span<const std::int32_t> sequences,
                                     std::span<const std::int32_t> positions,
                                     const CacheSizes& cache, const AttentionSizes& sizes);

}  // namespace t2t::lab::reference
