/// @file
/// What every rung of chapter 17 needs around its kernels.
#pragma once

namespace t2t::mixture_of_experts {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;

}  // namespace t2t::mixture_of_experts
