/// @file
/// What the rungs of decode attention check besides the operation itself.
#pragma once

#include <stdexcept>
#include <string>

#include "chapters/15_kv_cache/kv_cache.cuh"

namespace t2t::kv_cache {

/// As op.check(), and that a block can keep a head in shared memory.
template <typename T>
bool check_decode(const Attention<T>& op) {
    if (!op.check()) return false;
    if (op.shape.head_dim > max_head_dim) {
        throw std::invalid_argument("attention: head_dim is " + std::to_string(op.shape.head_dim) +
                                    "; a block keeps a head in shared memory, use at most " +
                                    std::to_string(max_head_dim));
    }
    return true;
}

}  // namespace t2t::kv_cache
