/// Rung 1: WMMA.
///
/// Idea      A tensor core multiplies small matrices as one instruction of a whole warp. WMMA, the
///           plainest way to it, knows 16 × 16 tiles: load two fragments, multiply, add to a third.
/// Changed   Chapter 05's tiles in shared memory, with the inner loop exchanged. A block of 4 warps
///           has 64 × 64 outputs, a warp 32 × 32 of them: 2 × 2 fragments in registers, each of x
///           and w used twice. Which lane holds which element of a fragment is not specified, so
///           the result goes through shared memory to get its bias and to be cut off at the edge.
/// Expect    Far above what the fp32 units can do, and far below the tensor cores' peak. For every
///           32 columns the block waits for global memory, then for itself, with nothing under way
///           meanwhile; and each fragment is read from shared memory for two products only.
/// Measured  H200, 4,096³: 109 TFLOP/s, 1.71× the peak of the fp32 units, 0.14× cuBLAS of the same
///           run; 512 × 14,336 × 4,096: 104 TFLOP/s, 0.16×. ncu: tensor cores are 17 % busy, L2 is
///           30 %, L1 and shared memory (one unit) 77 %. Warps wait for global memory 9.1 cycles per
///           instruction, for shared memory 2.2, at barriers 1.6.
#include <mma.h>

#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "common/device/check.hpp"
#include "common/device/tiles.cuh"
#include "common/device/warp.cuh"

namespace t2t::tensor_cores {
namespace {

constexpr int block_size = 128;
constexpr int tile_edge = 64;   // rows of x, and rows of w, of a block
constexpr int tile_depth = 32;  // columns of both
constexpr int vector = 8;       // elements in 16 bytes

// Eight elements more in a row of a tile: 16 bytes of 8 rows then lie in different banks.
constexpr int tile_pitch = tile_depth + 8;

// Brings the piece of a matrix [rows, k] that starts at (first_row, first_column) to `tile`, in
// vectors when k is a multiple of 8. What lies outside becomes 0, and adds nothing to any sum.
template <bool aligned>
__device__ void load_tile(const __nv_bfloat16* matrix, std::int64_t rows, std::int64_t k,
                          std::int64_t first_row, std::int64_t first_column,
                          __nv_bfloat16 (&tile)[tile_edge][tile_pitch]) {
    constexpr int width = aligned ? vector : 1;
    constexpr int per_row = tile_depth / width;
#pragma unroll 4
    for (int step = 0; step < tile_edge * per_row; step += block_size) {
        const int piece = step + threadIdx.x;
        const int tile_row = piece / per_row;
        const int tile_column = piece % per_row * width;
        const std::int64_t row = first_row + tile_row;
        const std::int64_t column = first_column + tile_column;
        const bool inside = row < rows && column < k;
        const __nv_bfloat16* from = matrix + row * k + column;
        __nv_bfloat16* to = &tile[tile_row][tile_column];
        if constexpr (aligned) {
            *reinterpret_cast<uint4*>(to) =
                inside ? *reinterpret_cast<const uint4*>(from) : uint4{0, 0, 0, 0};
        } else {
            *to = inside ? *from : __float2bfloat16_rn(0);
        }
    }
}

template <bool aligned>
__global__ void __launch_bounds__(block_size)
    wmma_kernel(const __nv_bfloat16* __restrict__ x,  // [m, k] row-major
                const __nv_bfloat16* __restrict__ w,  // [n, k] row-major
                const float* __restrict__ bias,       // [n] or null
                const float* residual,                // [m, n] or null; may be y
                float* y,                             // [m, n] row-major
                std::int64_t m, std::int64_t n, std::int64_t k) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    using namespace nvcuda;
    constexpr int edge = 16;                     // of a fragment
    constexpr int warp_edge = 32;                // rows and columns of y of a warp
    constexpr int fragments = warp_edge / edge;  // along an edge of a warp's tile
    constexpr int result_pitch = tile_edge + 4;
    // WMMA wants each fragment to start at a multiple of 32 bytes.
    alignas(32) __shared__ __nv_bfloat16 x_tile[tile_edge][tile_pitch];  // [row of x, column]
    alignas(32) __shared__ __nv_bfloat16 w_tile[tile_edge][tile_pitch];  // [row of w, column]
    alignas(32) __shared__ float result[tile_edge][result_pitch];        // [row of y, column]

    const auto [row, column] = tile_down_columns(blockIdx.x, m, tile_edge, tile_edge);
    const int warp = threadIdx.x / warp_size;
    const int warp_row = warp / 2 * warp_edge;  // of the warp's tile in the block's
    const int warp_column = warp % 2 * warp_edge;

    wmma::fragment<wmma::accumulator, edge, edge, edge, float> sums[fragments][fragments];
#pragma unroll
    for (int i = 0; i < fragments; ++i) {
        for (int j = 0; j < fragments; ++j) wmma::fill_fragment(sums[i][j], 0.0f);
    }

    for (std::int64_t first = 0; first < k; first += tile_depth) {
        load_tile<aligned>(x, m, k, row, first, x_tile);
        load_tile<aligned>(w, n, k, column, first, w_tile);
        __syncthreads();                       // the tiles are complete before anyone reads them
        const bool in_y = row + warp_row < m;  // if not, the warp only fetches
#pragma unroll
        for (int l = 0; in_y && l < tile_depth; l += edge) {
            wmma::fragment<wmma::matrix_a, edge, edge, edge, __nv_bfloat16, wmma::row_major>
                x_part[fragments];
            // A row of w is a column of the factor wᵀ: the tile, read by columns, is that factor.
            wmma::fragment<wmma::matrix_b, edge, edge, edge, __nv_bfloat16, wmma::col_major>
                w_part[fragments];
#pragma unroll
            for (int i = 0; i < fragments; ++i) {
                wmma::load_matrix_sync(x_part[i], &x_tile[warp_row + i * edge][l], tile_pitch);
                wmma::load_matrix_sync(w_part[i], &w_tile[warp_column + i * edge][l], tile_pitch);
            }
#pragma unroll
            for (int i = 0; i < fragments; ++i) {
                for (int j = 0; j < fragments; ++j) {
                    wmma::mma_sync(sums[i][j], x_part[i], w_part[j], sums[i][j]);
                }
            }
        }
        __syncthreads();  // everyone is done before the tiles are overwritten
    }

#pragma unroll
    for (int i = 0; i < fragments; ++i) {
        for (int j = 0; j < fragments; ++j) {
            wmma::store_matrix_sync(&result[warp_row + i * edge][warp_column + j * edge],
                                    sums[i][j], result_pitch, wmma::mem_row_major);
        }
    }
    __syncthreads();  // the result is complete before threads take other warps' parts of it
    for (int i = threadIdx.x; i < tile_edge * tile_edge; i += block_size) {
        const int tile_row = i / tile_edge;
        const int tile_column = i % tile_edge;
        const std::int64_t to = column + tile_column;
        if (row + tile_row < m && to < n) {
            const std::int64_t at = (row + tile_row) * n + to;
            y[at] = matmul::with_bias_and_residual(result[tile_row][tile_column], bias, residual,
                                                   to, at);
        }
    }
#else
    __trap();  // no bf16 products before compute capability 8.0
#endif
}

}  // namespace

void v1_wmma(const Bf16Linear& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = tile_count("bf16_matmul", op.m, op.n(), tile_edge, tile_edge);
    if (op.k() % vector == 0) {
        wmma_kernel<true><<<blocks, block_size, 0, stream>>>(
            op.x, op.w.values, op.bias, op.residual, op.y, op.m, op.n(), op.k());
    } else {
        wmma_kernel<false><<<blocks, block_size, 0, stream>>>(
            op.x, op.w.values, op.bias, op.residual, op.y, op.m, op.n(), op.k());
    }
    check_launch("bf16_matmul v1_wmma");
}

}  // namespace t2t::tensor_cores
