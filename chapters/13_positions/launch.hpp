/// @file
/// What every rung of chapter 13 needs around its kernel.
#pragma once

namespace t2t::positions {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;

}  // namespace t2t::positions
