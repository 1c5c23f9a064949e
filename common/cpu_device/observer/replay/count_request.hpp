/// @file
/// Counts what a memory instruction of a warp costs, at its place in the program.
#pragma once

#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// @name Each lane's address is a multiple of `bytes`, which is 1, 2, 4, 8 or 16
///@{
void count_global(const WarpRequest& request);
void count_shared(const WarpRequest& request);
///@}

}  // namespace t2t::observer
