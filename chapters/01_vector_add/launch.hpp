/// @file
/// What every rung of chapter 01 needs around its kernel: checked arguments.
#pragma once

#include <cstdint>

#include "common/device/arguments.hpp"

namespace t2t::vector_add {

/// Threads in a block, for all rungs: a multiple of the warp's 32, and small enough that several
/// blocks share an SM and one's start hides behind another's end.
inline constexpr int block_size = 256;

/// Checks the arguments that all rungs share. @returns false when there is nothing to do.
inline bool has_work(const float* a, const float* b, const float* c, std::int64_t n) {
    require_size("vector_add", "n", n);
    require_extent("vector_add", 1, n, sizeof(float));
    if (n == 0) return false;
    require_pointer("vector_add", "a", a, sizeof(float4));
    require_pointer("vector_add", "b", b, sizeof(float4));
    require_pointer("vector_add", "c", c, sizeof(float4));
    return true;
}

}  // namespace t2t::vector_add
