/// @file
/// What the rungs of chapter 02 share.
#pragma once

#include <limits>

namespace t2t::memory_access {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;
/// What a row of `out` holds when its id names no row of the table.
inline constexpr float no_such_row = std::numeric_limits<float>::quiet_NaN();

}  // namespace t2t::memory_access
