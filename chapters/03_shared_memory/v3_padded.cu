/// Rung 3: padded.
///
/// Idea      Make the tile's rows 33 floats long. The 33rd is never used; it only moves the next
///           row by a bank.
/// Changed   One `+ 1` in the declaration of the tile.
/// Expect    Element [x][y] lies in bank (33 x + y) mod 32 = (x + y) mod 32: down a column all 32
///           banks occur once, along a row too. One pass per request instead of 32, for 128 bytes
///           more of shared memory.
/// Measured  H200, 16,384²: 3,431 GB/s, 81 % of the same run's copy, 1.94× v2. ncu: 1.1 passes per
///           request.
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 32;
constexpr int block_rows = 8;

__global__ void padded_kernel(const float* in,  // [rows, columns]
                              float* out,       // [columns, rows]
                              std::int64_t rows, std::int64_t columns) {
    __shared__ float tile[tile_edge][tile_edge + 1];  // [row of in, column of in]

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

void v3_padded(const Transpose& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned tiles = tile_count("transpose", op.rows, op.columns, tile_edge, tile_edge);
    padded_kernel<<<tiles, dim3(tile_edge, block_rows), 0, stream>>>(op.in, op.out, op.rows,
                                                                     op.columns);
    check_launch("transpose v3_padded");
}

}  // namespace t2t::shared_memory
