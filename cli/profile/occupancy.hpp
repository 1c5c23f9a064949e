/// @file
/// How many blocks of a kernel fit on an SM, and what keeps out the next one.
#pragma once

#include "cli/profile/sentences.hpp"

namespace t2t::profile {

/// What an SM has.
struct SmLimits {
    int threads = 0;                ///< at once
    int blocks = 0;                 ///< at once
    int registers = 0;              ///< for all of them
    int shared_bytes = 0;           ///< for all of them
    int reserved_shared_bytes = 0;  ///< taken by the system for each block
};

/// What keeps out the next block: what has room for the fewest of them.
/// @param fit registers, shared memory and threads of the kernel; the rest is not read
OccupancyLimit occupancy_limit(const Fit& fit, const SmLimits& sm);

}  // namespace t2t::profile
