/// @file
/// What the rungs of chapter 13 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "chapters/13_positions/positions.cuh"
#include "common/device/arguments.hpp"

namespace t2t::positions {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;

/// Checks the arguments of learned positions. @returns false when there is nothing to do.
inline bool has_work(const float* x, const float* table, const std::int32_t* positions,
                     const LearnedShape& shape) {
    require_extent("learned_positions", shape.tokens, shape.width, sizeof(float));
    require_extent("learned_positions", shape.rows, shape.width, sizeof(float));
    if (shape.tokens == 0 || shape.width == 0) return false;
    require_pointer("learned_positions", "x", x, 16);
    // An empty table has no row to read: every position is outside it.
    if (shape.rows > 0) require_pointer("learned_positions", "table", table, 16);
    require_pointer("learned_positions", "positions", positions, sizeof(std::int32_t));
    return true;
}

/// Checks the arguments of RoPE. @returns false when there is nothing to do.
template <typename T>
bool has_work(const float* qkv, const std::int32_t* positions, const float* frequencies, const T* q,
              const T* k, const T* v, const HeadsShape& shape) {
    require_size("rope", "tokens", shape.tokens);
    // Each head has 4 bytes or more in qkv, so when these two fit, heads + 2 · kv_heads does.
    require_extent("rope", shape.heads, shape.head_dim, sizeof(float));
    require_extent("rope", shape.kv_heads, shape.head_dim, sizeof(float));
    if (frequencies != nullptr && shape.head_dim % 2 != 0) {
        throw std::invalid_argument("rope: head_dim is " + std::to_string(shape.head_dim) +
                                    "; elements are turned in pairs, use an even number");
    }
    if (shape.head_dim == 0) return false;
    const std::int64_t row_heads = shape.heads + 2 * shape.kv_heads;
    require_extent("rope", row_heads, shape.head_dim, sizeof(float));
    require_extent("rope", shape.tokens, row_heads * shape.head_dim, sizeof(float));
    if (shape.tokens == 0 || row_heads == 0) return false;
    require_pointer("rope", "qkv", qkv, 16);
    if (frequencies != nullptr) {
        require_pointer("rope", "positions", positions, sizeof(std::int32_t));
        require_pointer("rope", "frequencies", frequencies, sizeof(float));
    }
    if (shape.heads > 0) require_pointer("rope", "q", q, 16);
    if (shape.kv_heads > 0) {
        require_pointer("rope", "k", k, 16);
        require_pointer("rope", "v", v, 16);
    }
    return true;
}

}  // namespace t2t::positions
