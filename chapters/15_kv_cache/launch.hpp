/// @file
/// What the rungs of chapter 15 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/device/arguments.hpp"

namespace t2t::kv_cache {

/// Largest head_dim: the kernels keep a query and an output of a head in shared memory.
inline constexpr std::int64_t max_head_dim = 4096;

/// Checks the arguments of an append. @returns false when there is nothing to do.
template <typename T>
bool has_work(const T* k, const T* v, const std::int32_t* sequences, const std::int32_t* positions,
              const T* keys, const T* values, const AppendShape& shape) {
    require_extent("kv_append", shape.tokens, shape.width, sizeof(T));
    require_extent("kv_append", shape.sequences, shape.capacity, sizeof(T));
    require_extent("kv_append", shape.sequences * shape.capacity, shape.width, sizeof(T));
    if (shape.tokens == 0 || shape.width == 0) return false;
    require_pointer("kv_append", "k", k, 16);
    require_pointer("kv_append", "v", v, 16);
    require_pointer("kv_append", "sequences", sequences, sizeof(std::int32_t));
    require_pointer("kv_append", "positions", positions, sizeof(std::int32_t));
    // A cache without room stores nothing: every token lies outside it.
    if (shape.sequences == 0 || shape.capacity == 0) return false;
    require_pointer("kv_append", "keys", keys, 16);
    require_pointer("kv_append", "values", values, 16);
    return true;
}

/// Checks the arguments of decode attention. @returns false when there is nothing to do.
template <typename T>
bool has_work(const T* q, const T* keys, const T* values, const std::int32_t* sequences,
              const std::int32_t* positions, const T* out, const DecodeShape& shape) {
    require_extent("decode_attention", shape.tokens, shape.heads, sizeof(T));
    require_extent("decode_attention", shape.tokens * shape.heads, shape.head_dim, sizeof(T));
    require_extent("decode_attention", shape.kv_heads, shape.head_dim, sizeof(T));
    require_extent("decode_attention", shape.sequences, shape.capacity, sizeof(T));
    require_extent("decode_attention", shape.sequences * shape.capacity,
                   shape.kv_heads * shape.head_dim, sizeof(T));
    require_size("decode_attention", "window", shape.window);
    if (shape.heads != 0 && (shape.kv_heads == 0 || shape.heads % shape.kv_heads != 0)) {
        throw std::invalid_argument("decode_attention: " + std::to_string(shape.kv_heads) +
                                    " key heads do not divide " + std::to_string(shape.heads) +
                                    " query heads; each key head serves as many queries");
    }
    if (shape.head_dim > max_head_dim) {
        throw std::invalid_argument(
            "decode_attention: head_dim is " + std::to_string(shape.head_dim) +
            "; a block keeps a head in shared memory, use at most " + std::to_string(max_head_dim));
    }
    if (shape.tokens == 0 || shape.heads == 0 || shape.head_dim == 0) return false;
    require_pointer("decode_attention", "q", q, 16);
    require_pointer("decode_attention", "sequences", sequences, sizeof(std::int32_t));
    require_pointer("decode_attention", "positions", positions, sizeof(std::int32_t));
    require_pointer("decode_attention", "out", out, 16);
    // A cache without room has nothing to read: every token lies outside it.
    if (shape.sequences > 0 && shape.capacity > 0) {
        require_pointer("decode_attention", "keys", keys, 16);
        require_pointer("decode_attention", "values", values, 16);
    }
    return true;
}

}  // namespace t2t::kv_cache
