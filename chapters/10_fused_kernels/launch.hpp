/// @file
/// What every rung of chapter 10 needs around its kernel: checked arguments and a grid.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "common/device/arguments.hpp"

namespace t2t::fused_kernels {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;

/// Checks the arguments of SwiGLU. @returns false when there is nothing to do.
template <typename T>
bool has_work(const float* gate_up, const T* y, const GateShape& shape) {
    require_size("swiglu", "width", shape.width);
    // A row of gate_up is 2 · width floats: width elements of twice the size.
    require_extent("swiglu", shape.rows, shape.width, 2 * sizeof(float));
    if (shape.rows == 0 || shape.width == 0) return false;
    require_pointer("swiglu", "gate_up", gate_up, sizeof(float4));
    require_pointer("swiglu", "y", y, sizeof(float4));
    return true;
}

/// A thread a column along x; rows along y, which has room for 65,535: a block goes on to the row
/// that lies a grid further down.
inline dim3 grid_for(const GateShape& shape) {
    return {require_blocks("swiglu", ceil_div<std::int64_t>(shape.width, block_size)),
            static_cast<unsigned>(std::min(shape.rows, max_grid_yz)), 1};
}

}  // namespace t2t::fused_kernels
