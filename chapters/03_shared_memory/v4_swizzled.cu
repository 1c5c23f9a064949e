/// Rung 4: swizzled and vectorised.
///
/// Idea      64×64 tiles and 16 bytes an access to global memory. The tile needs no padding: its columns are
///           permuted in each row, by an exclusive or, so that both ways through it are free of conflicts.
/// Changed   v3's padding moves each row by one bank, so a row no longer starts at a multiple of 16 bytes. A
///           swizzle moves whole vectors instead. A store to `out` gathers its four floats from four rows.
/// Expect    The sectors of v3 in a quarter of the accesses, and runs of 256 bytes instead of 128 in both
///           matrices, which suits DRAM. Passes: 4 for 512 bytes written, 1 for 128 bytes read, the least.
/// Measured  H200: pending
#include "chapters/03_shared_memory/launch.hpp"
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/device/check.hpp"

namespace t2t::shared_memory {
namespace {

constexpr int tile_edge = 64;
constexpr int block_size = 256;
constexpr int vectors_per_row = tile_edge / 4;
constexpr int vectors_per_tile = tile_edge * vectors_per_row;

// Where column `column` lies in row `row` of the tile: bits 2 to 4 of the column, which choose one of the
// eight 16-byte vectors that span all 32 banks, are flipped by the same bits of the row.
__device__ int swizzled(int row, int column) {
    return column ^ (row & 0b11100);
}

// Elements (row, column) to (row, column + 3) of a row-major [rows, columns] matrix; what lies outside is 0.
// `aligned`: columns is a multiple of 4, so that the four are a vector, inside or outside as a whole.
template <bool aligned>
__device__ float4 load4(const float* matrix, std::int64_t row, std::int64_t column,
                        std::int64_t rows, std::int64_t columns) {
    float4 value{};
    if (row >= rows || column >= columns) return value;
    const float* source = matrix + row * columns + column;
    if constexpr (aligned) return *reinterpret_cast<const float4*>(source);
    value.x = source[0];
    if (column + 1 < columns) value.y = source[1];
    if (column + 2 < columns) value.z = source[2];
    if (column + 3 < columns) value.w = source[3];
    return value;
}

// Stores `value` where load4 would load it; what lies outside the matrix is dropped.
template <bool aligned>
__device__ void store4(float* matrix, std::int64_t row, std::int64_t column, std::int64_t rows,
                       std::int64_t columns, float4 value) {
    if (row >= rows || column >= columns) return;
    float* target = matrix + row * columns + column;
    if constexpr (aligned) {
        *reinterpret_cast<float4*>(target) = value;
    } else {
        target[0] = value.x;
        if (column + 1 < columns) target[1] = value.y;
        if (column + 2 < columns) target[2] = value.z;
        if (column + 3 < columns) target[3] = value.w;
    }
}

template <bool aligned>
__global__ void swizzled_kernel(const float* in,  // [rows, columns]
                                float* out,       // [columns, rows]
                                std::int64_t rows, std::int64_t columns) {
    __shared__ alignas(16) float tile[tile_edge][tile_edge];  // [row of in, swizzled column of in]

    const TileOrigin origin = tile_origin(blockIdx.x, columns, tile_edge);
#pragma unroll
    for (int i = threadIdx.x; i < vectors_per_tile; i += block_size) {
        const int row = i / vectors_per_row;
        const int column = i % vectors_per_row * 4;
        *reinterpret_cast<float4*>(&tile[row][swizzled(row, column)]) =
            load4<aligned>(in, origin.row + row, origin.column + column, rows, columns);
    }
    __syncthreads();  // the tile is complete before anyone reads what others brought

#pragma unroll
    for (int i = threadIdx.x; i < vectors_per_tile; i += block_size) {
        // A warp stores 8 vectors = 128 bytes in each of 4 rows of `out`. In the tile that is 32 rows of 4
        // neighbouring columns, four rows a lane; in each of the four loads the lanes meet all 32 banks.
        const int row = i % 8 * 4 + i / (8 * tile_edge) * 32;
        const int column = i / 8 % tile_edge;
        const float4 value{
            tile[row + 0][swizzled(row + 0, column)], tile[row + 1][swizzled(row + 1, column)],
            tile[row + 2][swizzled(row + 2, column)], tile[row + 3][swizzled(row + 3, column)]};
        store4<aligned>(out, origin.column + column, origin.row + row, columns, rows, value);
    }
}

}  // namespace

void v4_swizzled(const float* in, float* out, std::int64_t rows, std::int64_t columns,
                 cudaStream_t stream) {
    if (!has_work(in, out, rows, columns)) return;
    const unsigned tiles = tile_count(rows, columns, tile_edge);
    if (rows % 4 == 0 && columns % 4 == 0) {
        swizzled_kernel<true><<<tiles, block_size, 0, stream>>>(in, out, rows, columns);
    } else {
        swizzled_kernel<false><<<tiles, block_size, 0, stream>>>(in, out, rows, columns);
    }
    check_launch("transpose v4_swizzled");
}

}  // namespace t2t::shared_memory
