/// @file
/// What every rung of chapter 06 needs around its kernel: checked arguments.
#pragma once

#include <cstdint>

#include "common/device/arguments.hpp"

namespace t2t::instructions {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;

/// Checks the arguments of GELU. @returns false when there is nothing to do.
template <typename T>
bool has_work(const float* x, const T* y, std::int64_t n) {
    require_size("gelu", "n", n);
    require_extent("gelu", 1, n, sizeof(float));
    if (n == 0) return false;
    require_pointer("gelu", "x", x, sizeof(float4));
    require_pointer("gelu", "y", y, sizeof(float4));
    return true;
}

}  // namespace t2t::instructions
