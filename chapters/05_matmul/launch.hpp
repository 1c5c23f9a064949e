/// @file
/// What the rungs of chapter 05 need around their kernels: checked arguments, and tiles of y.
#pragma once

#include <cstdint>

#include "chapters/05_matmul/matmul.cuh"
#include "common/device/arguments.hpp"

namespace t2t::matmul {

/// Checks the arguments that all rungs share. @returns false when there is nothing to do.
template <typename Weight>
bool has_work(const float* x, const Weight* w, const float* bias, const float* y,
              const MatmulShape& shape) {
    constexpr int alignment = 16;  // bytes
    require_extent("matmul", shape.m, shape.k, sizeof(float));
    require_extent("matmul", shape.n, shape.k, sizeof(Weight));
    require_extent("matmul", shape.m, shape.n, sizeof(float));
    if (shape.m == 0 || shape.n == 0) return false;
    // With k = 0 there is nothing to read in x and w.
    if (shape.k > 0) require_pointer("matmul", "x", x, alignment);
    if (shape.k > 0) require_pointer("matmul", "w", w, alignment);
    if (bias != nullptr) require_pointer("matmul", "bias", bias, alignment);
    require_pointer("matmul", "y", y, alignment);
    return true;
}

/// Blocks that cover y with tiles of `tile_rows` × `tile_columns`, one each.
inline unsigned tile_count(const MatmulShape& shape, int tile_rows, int tile_columns) {
    return require_blocks("matmul", ceil_div<std::int64_t>(shape.m, tile_rows) *
                                        ceil_div<std::int64_t>(shape.n, tile_columns));
}

/// Where a block's tile of y starts.
struct TileOrigin {
    std::int64_t row;     ///< of y and x
    std::int64_t column;  ///< of y; the row of w
};

/// The tile of block number `block`. Tiles are numbered down the columns of y: blocks that start
/// one after the other share rows of w, which is larger than x in most layers.
__device__ inline TileOrigin tile_origin(unsigned block, std::int64_t m, int tile_rows,
                                         int tile_columns) {
    // 32 bits: there are no more tiles in a column than blocks in the grid.
    const auto tiles_in_column = static_cast<unsigned>(ceil_div<std::int64_t>(m, tile_rows));
    return {std::int64_t{block % tiles_in_column} * tile_rows,
            std::int64_t{block / tiles_in_column} * tile_columns};
}

}  // namespace t2t::matmul
