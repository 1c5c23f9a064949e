#include "common/lab/reference/kv_cache.hpp"

#include <cstddef>
#include <limits>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

namespace {

std::size_t count(const CacheSizes& sizes) {
    return static_cast<std::size_t>(sizes.sequences * sizes.capacity * sizes.width);
}

bool holds(const CacheSizes& sizes, std::int64_t sequence, std::int64_t position) {
    return 0 <= sequence && sequence < sizes.sequences && 0 <= position &&
           position < sizes.capacity;
}

}  // namespace

std::vector<double> append(std::span<const float> cache, std::span<const float> rows,
                           std::span<const std::int32_t> sequences,
                           std::span<const std::int32_t> positions, const CacheSizes& sizes) {
    require(cache.size() == count(sizes), "append: the cache must have the sizes given");
    require(sequences.size() == positions.size() &&
                rows.size() == sequences.size() * static_cast<std::size_t>(sizes.width),
            "append: each token must have a row, a sequence and a position");
    std::vector<double> after(cache.begin(), cache.end());
    for (std::size_t t = 0; t < sequences.size(); ++t) {
        if (!holds(sizes, sequences[t], positions[t])) continue;
        const std::int64_t row = sequences[t] * sizes.capacity + positions[t];
        for (std::int64_t d = 0; d < sizes.width; ++d) {
            after[row * sizes.width + d] = rows[t * sizes.width + d];
        }
    }
    return after;
}

std::vector<double> decode_attention(std::span<const float> q, std::span<const float> keys,
                                     std::span<const float> values,
                                     std::span<const std::int32_t> sequences,
                                     std::span<const std::int32_t> positions,
                                     const CacheSizes& cache, const AttentionSizes& sizes) {
    require(keys.size() == count(cache) && values.size() == count(cache),
            "decode_attention: keys and values must have the sizes given");
    const auto query = static_cast<std::size_t>(sizes.heads * sizes.head_dim);
    require(sequences.size() == positions.size() && q.size() == sequences.size() * query,
            "decode_attention: each token must have a query, a sequence and a position");
    const auto room = static_cast<std::size_t>(cache.capacity * cache.width);
    std::vector<double> out;
    for (std::size_t t = 0; t < sequences.size(); ++t) {
        if (holds(cache, sequences[t], positions[t])) {
            const std::size_t start = static_cast<std::size_t>(sequences[t]) * room;
            const auto one = attention(q.subspan(t * query, query), keys.subspan(start, room),
                                       values.subspan(start, room), positions[t], sizes);
            out.insert(out.end(), one.begin(), one.end());
        } else {
            out.insert(out.end(), query, std::numeric_limits<double>::quiet_NaN());
        }
    }
    return out;
}

}  // namespace t2t::lab::reference
