/// @file
/// What every rung of chapter 01 needs around its kernel.
#pragma once

namespace t2t::vector_add {

/// Threads in a block, for all rungs: a multiple of the warp's 32, and small enough that several
/// blocks share an SM and one's start hides behind another's end.
inline constexpr int block_size = 256;

}  // namespace t2t::vector_add
