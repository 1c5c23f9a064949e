/// @file
/// What the rungs of chapter 04 need around their kernels: block sizes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "common/device/warp.cuh"

namespace t2t::reduction {

/// Most threads that share a row.
inline constexpr int block_size = 256;
/// Threads in a block when each has a row of its own: few, so that few rows spread over many SMs.
inline constexpr int rows_per_block = 64;

/// Threads of the block that shares a row of `columns` elements: a power of two, because steps
/// halve or double; at least a warp, at most block_size, and no more than the row needs.
inline unsigned threads_for(std::int64_t columns) {
    const auto wanted =
        static_cast<unsigned>(std::clamp<std::int64_t>(columns, warp_size, block_size));
    return std::bit_ceil(wanted);
}

}  // namespace t2t::reduction
