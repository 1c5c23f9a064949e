/// Rung 2: a tile in shared memory.
///
/// Idea      A block brings a 32×32 tile into shared memory along rows of the input, and takes it
///           out along rows of the output. The turn happens between the two, where it costs no
///           sectors.
/// Changed   v1's store went straight to a column of the output. Here it goes to the tile; after a
///           barrier a thread stores the element that *another* thread has brought.
/// Expect    4 sectors per request on both sides. But a warp now reads a column of the tile: 32
///           floats that lie 32 words apart, all in the same bank, served one after the other: 32
///           passes for one request.
/// Measured  H200, 16,384²: 1,772 GB/s, 42 % of the same run's copy, 3.6× v1. ncu: 4 sectors per
///           request on both sides, and 32.5 passes for each load from the tile, as counted: they
///           are the limit now.
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 32;
constexpr int block_rows = 8;

__global__ void tile_kernel(const float* in,  // [rows, columns]
                            float* out,       // [columns, rows]
                            std::int64_t rows, std::int64_t columns) {
    __shared__ float tile[tile_edge][tile_edge];  // [row of in, column of in]

    const TileOrigin origin = tile_along_rows(blockIdx.x, columns, tile_edge, tile_edge);
    for (int step = 0; step < tile_edge; step += block_rows) {
        const int y = threadIdx.y + step;
        const std::int64_t row = origin.row + y;
        const std::int64_t column = origin.column + threadIdx.x;
        if (row < rows && column < columns) tile[y][threadIdx.x] = in[row * columns + column];
    }
    __syncthreads();  // the tile is complete before anyone reads what others brought

    for (int step = 0; step < tile_edge; step += block_rows) {
        const int y = threadIdx.y + step;
        const std::int64_t row = origin.row + threadIdx.x;
        const std::int64_t column = origin.column + y;
        if (row < rows && column < columns) out[column * rows + row] = tile[threadIdx.x][y];
    }
}

}  // namespace

void v2_tile(const Transpose& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned tiles = tile_count("transpose", op.rows, op.columns, tile_edge, tile_edge);
    tile_kernel<<<tiles, dim3(tile_edge, block_rows), 0, stream>>>(op.in, op.out, op.rows,
                                                                   op.columns);
    check_launch("transpose v2_tile");
}

}  // namespace t2t::shared_memory
