/// Rung 5: a square in registers.
///
/// Idea      A thread loads a 4×4 square as four vectors and turns it over by name: the four .x are
///           the first vector of the transpose, the four .y the second. Now shared memory, too, is
///           only met in vectors.
/// Changed   v4 turned each element over in shared memory, with four loads of 4 bytes for each
///           vector. Here the tile is kept as it leaves, [column of in, row of in], and one load of
///           16 bytes is enough.
/// Expect    A quarter of v4's loads from the tile, all accesses still without conflicts: 4 passes
///           for 512 bytes. Four loads of each thread are on their way before the first is needed.
/// Measured  H200, 16,384²: 4,004 GB/s, 94 % of the same run's copy, 1.03× v4, 1.01× cuBLAS; ncu: a
///           quarter of the loads from the tile. 16,381 × 16,127: 2,285 GB/s, 54 %, 1.43× v4.
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "chapters/03_shared_memory/vectors.hpp"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 64;
constexpr int vectors_per_row = tile_edge / 4;
constexpr int vectors_per_tile = tile_edge * vectors_per_row;
constexpr int block_size = vectors_per_tile / 4;  // one 4×4 square per thread

template <bool aligned>
__global__ void registers_kernel(const float* in,  // [rows, columns]
                                 float* out,       // [columns, rows]
                                 std::int64_t rows, std::int64_t columns) {
    alignas(16) __shared__ float tile[tile_edge][tile_edge];  // [column of in, swizzled row of in]

    const TileOrigin origin = tile_along_rows(blockIdx.x, columns, tile_edge, tile_edge);
    const auto load = [&](int row, int column) {
        return load4<aligned>(in, origin.row + row, origin.column + column, rows, columns);
    };
    const auto tile_vector = [&](int column, int row) -> float4& {
        return *reinterpret_cast<float4*>(&tile[column][swizzled(column, row)]);
    };

    const int row = threadIdx.x / vectors_per_row * 4;  // of the square
    const int column = threadIdx.x % vectors_per_row * 4;
    const float4 a = load(row, column);
    const float4 b = load(row + 1, column);
    const float4 c = load(row + 2, column);
    const float4 d = load(row + 3, column);
    tile_vector(column, row) = {a.x, b.x, c.x, d.x};
    tile_vector(column + 1, row) = {a.y, b.y, c.y, d.y};
    tile_vector(column + 2, row) = {a.z, b.z, c.z, d.z};
    tile_vector(column + 3, row) = {a.w, b.w, c.w, d.w};
    __syncthreads();  // the tile is complete before anyone reads what others brought

#pragma unroll
    for (int step = 0; step < vectors_per_tile; step += block_size) {
        const int vector = threadIdx.x + step;
        const int out_row = vector / vectors_per_row;
        const int out_column = vector % vectors_per_row * 4;
        store4<aligned>(out, origin.column + out_row, origin.row + out_column, columns, rows,
                        tile_vector(out_row, out_column));
    }
}

}  // namespace

void v5_registers(const Transpose& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned tiles = tile_count("transpose", op.rows, op.columns, tile_edge, tile_edge);
    if (op.rows % 4 == 0 && op.columns % 4 == 0) {
        registers_kernel<true>
            <<<tiles, block_size, 0, stream>>>(op.in, op.out, op.rows, op.columns);
    } else {
        registers_kernel<false>
            <<<tiles, block_size, 0, stream>>>(op.in, op.out, op.rows, op.columns);
    }
    check_launch("transpose v5_registers");
}

}  // namespace t2t::shared_memory
