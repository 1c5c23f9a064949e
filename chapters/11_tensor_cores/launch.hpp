/// @file
/// What the rungs of chapter 11 need around their kernels: checked arguments, and tiles of y.
#pragma once

#include <cstdint>

#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "common/device/arguments.hpp"

namespace t2t::tensor_cores {

/// Checks the arguments that all rungs share. @returns false when there is nothing to do.
inline bool has_work(const __nv_bfloat16* x, const __nv_bfloat16* w, const float* bias,
                     const float* y, const MatmulShape& shape) {
    constexpr int alignment = 16;  // bytes
    require_extent("bf16_matmul", shape.m, shape.k, sizeof(__nv_bfloat16));
    require_extent("bf16_matmul", shape.n, shape.k, sizeof(__nv_bfloat16));
    require_extent("bf16_matmul", shape.m, shape.n, sizeof(float));
    if (shape.m == 0 || shape.n == 0) return false;
    // With k = 0 there is nothing to read in x and w.
    if (shape.k > 0) require_pointer("bf16_matmul", "x", x, alignment);
    if (shape.k > 0) require_pointer("bf16_matmul", "w", w, alignment);
    if (bias != nullptr) require_pointer("bf16_matmul", "bias", bias, alignment);
    require_pointer("bf16_matmul", "y", y, alignment);
    return true;
}

/// Blocks that cover y with square tiles of `edge` rows and columns, one each.
inline unsigned tile_count(const MatmulShape& shape, int edge) {
    return require_blocks("bf16_matmul", ceil_div<std::int64_t>(shape.m, edge) *
                                             ceil_div<std::int64_t>(shape.n, edge));
}

/// Where a block's tile of y starts.
struct TileOrigin {
    std::int64_t row;     ///< of y and x
    std::int64_t column;  ///< of y; the row of w
};

/// The tile of block number `block`. Tiles are numbered down the columns of y: blocks that start
/// one after the other share rows of w, which is larger than x in most layers.
__device__ inline TileOrigin tile_origin(unsigned block, std::int64_t m, int edge) {
    // 32 bits: there are no more tiles in a column than blocks in the grid.
    const auto tiles_in_column = static_cast<unsigned>(ceil_div<std::int64_t>(m, edge));
    return {std::int64_t{block % tiles_in_column} * edge,
            std::int64_t{block / tiles_in_column} * edge};
}

}  // namespace t2t::tensor_cores
