/// @file
/// What every rung of chapter 03 needs around its kernel: checked arguments, and a block's tile.
#pragma once

#include <cstdint>

#include "common/device/arguments.hpp"

namespace t2t::shared_memory {

/// Checks the arguments that all rungs share. @returns false when there is nothing to do.
inline bool has_work(const float* in, const float* out, std::int64_t rows, std::int64_t columns) {
    require_extent("transpose", rows, columns, sizeof(float));
    if (rows == 0 || columns == 0) return false;
    require_pointer("transpose", "in", in, sizeof(float4));
    require_pointer("transpose", "out", out, sizeof(float4));
    return true;
}

/// How many tiles of edge × edge cover the matrix: one block each.
/// @throws std::invalid_argument when that is more than a grid can have
inline unsigned tile_count(std::int64_t rows, std::int64_t columns, std::int64_t edge) {
    return require_blocks("transpose", ceil_div(rows, edge) * ceil_div(columns, edge));
}

/// Where a tile starts in the input.
struct TileOrigin {
    std::int64_t row;
    std::int64_t column;
};

/// The origin of tile number `tile`, counted along the rows of the matrix. The grid is 1-D because
/// along y it ends at 65,535 blocks, and a matrix may have more tiles than that on either side.
__host__ __device__ constexpr TileOrigin tile_origin(unsigned tile, std::int64_t columns,
                                                     int edge) {
    const auto tiles_across = static_cast<unsigned>(ceil_div<std::int64_t>(columns, edge));
    return {std::int64_t{tile / tiles_across} * edge, std::int64_t{tile % tiles_across} * edge};
}

}  // namespace t2t::shared_memory
