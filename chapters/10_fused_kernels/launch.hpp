/// @file
/// What the rungs of SwiGLU need around their kernels: a grid.
#pragma once

#include <algorithm>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"

namespace t2t::fused_kernels {

/// Threads in a block.
inline constexpr int block_size = 256;

/// One thread per column along x; rows along y, which has room for 65,535: a block goes on to the row
/// that lies a grid further down.
inline dim3 grid_for(std::int64_t rows, std::int64_t width) {
    return {require_blocks("swiglu", ceil_div<std::int64_t>(width, block_size)),
            static_cast<unsigned>(std::min(rows, max_grid_yz)), 1};
}

}  // namespace t2t::fused_kernels
