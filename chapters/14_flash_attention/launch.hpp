/// @file
/// What the rungs of chapter 14 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/device/arguments.hpp"

namespace t2t::flash_attention {

/// Threads in a block.
inline constexpr int block_size = 256;

/// Checks the arguments. @returns false when there is nothing to do.
template <typename T>
bool has_work(const T* q, const T* keys, const T* values, const float* scratch, const T* out,
              const AttentionShape& shape) {
    require_extent("attention", shape.queries, shape.heads, sizeof(T));
    require_extent("attention", shape.queries * shape.heads, shape.head_dim, sizeof(T));
    require_extent("attention", shape.kv_heads, shape.head_dim, sizeof(T));
    require_size("attention", "start", shape.start);
    require_size("attention", "window", shape.window);
    if (shape.heads != 0 && (shape.kv_heads == 0 || shape.heads % shape.kv_heads != 0)) {
        throw std::invalid_argument("attention: " + std::to_string(shape.kv_heads) +
                                    " key heads do not divide " + std::to_string(shape.heads) +
                                    " query heads; each key head serves as many queries");
    }
    std::int64_t positions = 0;
    if (__builtin_add_overflow(shape.start, shape.queries, &positions)) {
        throw std::invalid_argument(
            "attention: start + queries does not fit 64 bits; use a "
            "smaller start");
    }
    if (shape.queries == 0 || shape.heads == 0 || shape.head_dim == 0) return false;
    require_extent("attention", positions, shape.kv_heads * shape.head_dim, sizeof(T));
    require_extent("attention", shape.heads * shape.queries, positions, sizeof(float));
    require_pointer("attention", "q", q, 16);
    require_pointer("attention", "keys", keys, 16);
    require_pointer("attention", "values", values, 16);
    require_pointer("attention", "scratch", scratch, 16);
    require_pointer("attention", "out", out, 16);
    return true;
}

}  // namespace t2t::flash_attention
