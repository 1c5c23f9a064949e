/// Rung 1: naive.
///
/// Idea      One thread moves one element. The lanes of a warp take 32 neighbours in a row of the
///           input.
/// Changed   Against the copy of chapter 02, v2_copy_coalesced: the index of the store is turned
///           over.
/// Expect    Reads are coalesced, 4 sectors per request. Writes go down a column: the lanes are a
///           whole row of the output apart, 32 sectors per request, 4 bytes of each used. Turning it
///           round, so that writes are coalesced, moves the same fault to the reads: one side
///           always pays.
/// Measured  H200, 16,384²: 491 GB/s, 12 % of the same run's copy. L2 gathers the pieces (ncu: 1.25
///           GB go to DRAM, not 8.6), but it must take 268 million sectors to get them.
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 32;
constexpr int block_rows = 8;  // 32 × 8 threads walk over a tile in 4 steps

__global__ void naive_kernel(const float* in,  // [rows, columns]
                             float* out,       // [columns, rows]
                             std::int64_t rows, std::int64_t columns) {
    const TileOrigin origin = tile_along_rows(blockIdx.x, columns, tile_edge, tile_edge);
    const std::int64_t column = origin.column + threadIdx.x;
    for (int step = 0; step < tile_edge; step += block_rows) {
        const int y = threadIdx.y + step;
        const std::int64_t row = origin.row + y;
        if (row < rows && column < columns) out[column * rows + row] = in[row * columns + column];
    }
}

}  // namespace

void v1_naive(const Transpose& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned tiles = tile_count("transpose", op.rows, op.columns, tile_edge, tile_edge);
    naive_kernel<<<tiles, dim3(tile_edge, block_rows), 0, stream>>>(op.in, op.out, op.rows,
                                                                    op.columns);
    check_launch("transpose v1_naive");
}

}  // namespace t2t::shared_memory
