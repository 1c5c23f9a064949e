/// @file
/// Causal attention as a plain loop in double precision: what every attention kernel is held to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace t2t::lab::reference {

/// Sizes of the heads, and what a token sees.
struct AttentionSizes {
    std::int64_t heads;     ///< query heads
    std::int64_t kv_heads;  ///< key and value heads; divides heads
    std::int64_t head_dim;  ///< values of one head
    std::int64_t window;    ///< how many positions a token sees, itself included; 0 for all
    double scale;           ///< factor of every q · k
};

/// out[i, h, :] = Σⱼ softmaxⱼ(scale · q[i, h, :] · keys[j, g, :]) · values[j, g, :] with
/// g = h / (heads / kv_heads), over the positions j that the query at position start + i sees.
/// @param q       [queries, heads, head_dim]
/// @param keys    [positions, kv_heads, head_dim], at least start + queries positions
/// @param values  as keys
/// @param start   position of the first query
/// @param sizes   see there
/// @returns       [queries, heads, head_dim]
/// @throws std::invalid_argument when the lengths do not fit each other
std::vector<double> attention(std::span<const float> q, std::span<const float> keys,
                              std::span<const float> values, std::int64_t start,
                              const AttentionSizes& sizes);

}  // namespace t2t::lab::reference
