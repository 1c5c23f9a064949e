/// @file
/// Learned and rotary positions as plain loops in double precision.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace t2t::lab::reference {

/// x[t, :] + table[positions[t], :]; a position outside the table gives a row of NaN.
/// @param x          [tokens, width]
/// @param table      [rows, width]
/// @param positions  [tokens]
/// @param width      elements of a row, ≥ 1
/// @returns          [tokens, width]
/// @throws std::invalid_argument when the lengths do not fit each other
std::vector<double> learned_positions(std::span<const float> x, std::span<const float> table,
                                      std::span<const std::int32_t> positions, std::int64_t width);

/// Queries, keys and values of some tokens.
struct Heads {
    std::vector<double> q;  ///< [tokens, heads, head_dim]
    std::vector<double> k;  ///< [tokens, kv_heads, head_dim]
    std::vector<double> v;  ///< [tokens, kv_heads, head_dim]
};

/// Splits the rows of `qkv`, and turns queries and keys: elements i and i + head_dim / 2 of a head
/// by the angle position · frequencies[i]. The angle is that product rounded to float, which is part
/// of the definition; everything after it is in double precision.
/// @param qkv          [tokens, (heads + 2 · kv_heads) · head_dim]: queries, keys, values
/// @param positions    [tokens]
/// @param frequencies  [head_dim / 2], radians per position; empty: nothing is turned
/// @param heads        query heads
/// @param kv_heads     key heads, and value heads
/// @param head_dim     values of a head, ≥ 1; even where something is turned
/// @throws std::invalid_argument when the lengths do not fit each other
Heads rope(std::span<const float> qkv, std::span<const std::int32_t> positions,
           std::span<const float> frequencies, std::int64_t heads, std::int64_t kv_heads,
           std::int64_t head_dim);

}  // namespace t2t::lab::reference
