/// @file
/// A thread of the running block as a report names it.
#pragma once

#include "common/cpu_device/observer/report/report.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// @param thread its number in the block, x fastest
inline ThreadPlace place_of(unsigned thread) {
    return {
        blockIdx,
        {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / blockDim.x / blockDim.y}};
}

}  // namespace t2t::observer
