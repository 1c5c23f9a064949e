/// @file
/// What the rungs of chapter 08 need around their kernels: block sizes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "common/device/arguments.hpp"
#include "common/device/warp.cuh"

namespace t2t::softmax {

/// Most threads that share a row.
inline constexpr int block_size = 256;
/// Threads in a block when each has a row of its own: few, so that few rows spread over many SMs.
inline constexpr int rows_per_block = 64;
/// The maximum of no elements.
inline constexpr float lowest = -std::numeric_limits<float>::infinity();

/// Threads of the block that shares a row of `columns` elements: a power of two, because each step
/// of a reduction halves them; at least a warp, at most block_size. About eight elements go to a
/// thread: what it adds up alone needs no barrier, and a short row should not be all barriers.
inline unsigned threads_for(std::int64_t columns) {
    const auto wanted = static_cast<unsigned>(
        std::clamp<std::int64_t>(ceil_div<std::int64_t>(columns, 8), warp_size, block_size));
    return std::bit_ceil(wanted);
}

}  // namespace t2t::softmax
