/// Rung 4: swizzled vectors.
///
/// Idea      64×64 tiles and 16 bytes per access to global memory. The tile needs no padding: its
///           columns are permuted in each row, by an exclusive or, so that both ways through it are
///           free of conflicts.
/// Changed   v3's padding moves each row by one bank, so a row no longer starts at a multiple of 16
///           bytes. A swizzle moves whole vectors instead. A store to `out` gathers its four floats
///           from four rows.
/// Expect    The sectors of v3 in a quarter of the accesses, and runs of 256 bytes instead of 128
///           in both matrices, which suits DRAM. Passes: 4 for 512 bytes written, 1 for 128 bytes
///           read, the least. Sides that are no multiples of 4 move single floats, four per lane:
///           that will cost.
/// Measured  H200, 16,384²: 3,879 GB/s, 91 % of the same run's copy, 1.13× v3; ncu: 4.0 and 1.0
///           passes. But 16,381 × 16,127: 1,593 GB/s, 38 %, 0.73× v3: there a request spreads over
///           four times as many sectors.
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "chapters/03_shared_memory/vectors.hpp"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 64;
constexpr int block_size = 256;
constexpr int vectors_per_row = tile_edge / 4;
constexpr int vectors_per_tile = tile_edge * vectors_per_row;

template <bool aligned>
__global__ void swizzled_kernel(const float* in,  // [rows, columns]
                                float* out,       // [columns, rows]
                                std::int64_t rows, std::int64_t columns) {
    alignas(16) __shared__ float tile[tile_edge][tile_edge];  // [row of in, swizzled column of in]

    const TileOrigin origin = tile_along_rows(blockIdx.x, columns, tile_edge, tile_edge);
#pragma unroll
    for (int step = 0; step < vectors_per_tile; step += block_size) {
        const int vector = threadIdx.x + step;
        const int row = vector / vectors_per_row;
        const int column = vector % vectors_per_row * 4;
        *reinterpret_cast<float4*>(&tile[row][swizzled(row, column)]) =
            load4<aligned>(in, origin.row + row, origin.column + column, rows, columns);
    }
    __syncthreads();  // the tile is complete before anyone reads what others brought

#pragma unroll
    for (int step = 0; step < vectors_per_tile; step += block_size) {
        // A warp stores 8 vectors = 128 bytes in each of 4 rows of `out`. In the tile those are 32
        // rows of 4 neighbouring columns, four rows per lane: in each of the four loads the lanes
        // meet all 32 banks.
        const int vector = threadIdx.x + step;
        const int row = vector % 8 * 4 + vector / (8 * tile_edge) * 32;
        const int column = vector / 8 % tile_edge;
        const int place = swizzled(row, column);  // the same in rows row to row + 3
        const float4 value{tile[row][place], tile[row + 1][place], tile[row + 2][place],
                           tile[row + 3][place]};
        store4<aligned>(out, origin.column + column, origin.row + row, columns, rows, value);
    }
}

}  // namespace

void v4_swizzled(const Transpose& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned tiles = tile_count("transpose", op.rows, op.columns, tile_edge, tile_edge);
    if (op.rows % 4 == 0 && op.columns % 4 == 0) {
        swizzled_kernel<true><<<tiles, block_size, 0, stream>>>(op.in, op.out, op.rows, op.columns);
    } else {
        swizzled_kernel<false>
            <<<tiles, block_size, 0, stream>>>(op.in, op.out, op.rows, op.columns);
    }
    check_launch("transpose v4_swizzled");
}

}  // namespace t2t::shared_memory
