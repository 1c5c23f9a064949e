/// @file
/// Which tile of a matrix a block works on.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/device/arguments.hpp"

namespace t2t {

/// Where a tile starts.
struct TileOrigin {
    std::int64_t row;     ///< its first row
    std::int64_t column;  ///< its first column
};

/// How many tiles of tile_rows × tile_columns cover a matrix, one block each.
/// @throws std::invalid_argument when that is more than a grid can have
inline unsigned tile_count(std::string_view operation, std::int64_t rows, std::int64_t columns,
                           int tile_rows, int tile_columns) {
    return require_blocks(operation, ceil_div<std::int64_t>(rows, tile_rows) *
                                         ceil_div<std::int64_t>(columns, tile_columns));
}

/// The origin of tile number `tile`, counted down the columns of a matrix with `rows` rows. The grid is
/// 1-D because along y it ends at 65,535 blocks, and a matrix may have more tiles than that on either
/// side.
__host__ __device__ inline TileOrigin tile_down_columns(unsigned tile, std::int64_t rows,
                                                        int tile_rows, int tile_columns) {
    // 32 bits: there are no more tiles in a column than blocks in the grid.
    const auto tiles_down = static_cast<unsigned>(ceil_div<std::int64_t>(rows, tile_rows));
    return {std::int64_t{tile % tiles_down} * tile_rows,
            std::int64_t{tile / tiles_down} * tile_columns};
}

/// As tile_down_columns(), counted along the rows of a matrix with `columns` columns.
__host__ __device__ inline TileOrigin tile_along_rows(unsigned tile, std::int64_t columns,
                                                      int tile_rows, int tile_columns) {
    const auto tiles_across = static_cast<unsigned>(ceil_div<std::int64_t>(columns, tile_columns));
    return {std::int64_t{tile / tiles_across} * tile_rows,
            std::int64_t{tile % tiles_across} * tile_columns};
}

}  // namespace t2t
