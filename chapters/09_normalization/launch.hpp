/// @file
/// What the rungs of chapter 09 need around their kernels: block sizes.
#pragma once

#include <cstdint>

#include "common/device/warp.cuh"

namespace t2t::normalization {

/// Threads in a block; the block-per-row rungs take fewer for a narrow row.
inline constexpr int block_size = 256;

/// Threads for a row: a power of two from a warp to block_size that gives each about eight elements.
/// What a thread adds up alone needs no barrier.
inline int threads_for(std::int64_t width) {
    int threads = warp_size;
    while (8 * threads < width && threads < block_size) threads *= 2;
    return threads;
}

}  // namespace t2t::normalization
