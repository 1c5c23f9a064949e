/// Rung 2: tiles in shared memory.
///
/// Idea      The 32 × 32 outputs of a block need 32 rows of x and 32 of w, each of them 32 times.
///           So the block brings a piece of those rows, 64 columns wide, to shared memory, takes
///           all the products from there, and goes on to the next piece.
/// Changed   v1 fetched both factors of each product through L1, w in 32 sectors per request. Here an
///           element crosses from L2 once for 32 products, in coalesced requests. As with the tile
///           of chapter 03, 256 threads share the work of 1,024 outputs: four to a thread, in four
///           neighbouring rows, so that an element of w is read from the tile once for all four.
/// Expect    For 16 multiply-adds, four columns of four outputs, a thread makes eight loads from
///           shared memory: four of w, padded so that 32 rows are in 32 banks, and four of x, which
///           the compiler widens to four columns each; all lanes of a warp read the same ones.
///           Shared memory serves one request per clock, and the FMA units four: half of
///           the fp32 peak at best, less the time at the barriers.
/// Measured  H200, 4,096³, fp32: 17.5 TFLOP/s, 27 % of the fp32 peak, 0.35× cuBLAS in the same run,
///           34.9× v1; bf16 w: 17.6. Not half of the peak: ncu counts the eight loads, but 1.5
///           passes for each. The 16-byte loads of x take two, although all lanes read the same
///           address. With filling the tiles that keeps L1 busy (ncu: 91.8 %).
#include "chapters/05_matmul/matmul.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/tiles.cuh"

namespace t2t::matmul {
namespace {

constexpr int tile_edge = 32;                    // rows of x, and rows of w
constexpr int tile_depth = 64;                   // columns of both
constexpr int block_rows = 8;                    // a block has 32 × 8 threads
constexpr int outputs = tile_edge / block_rows;  // of a thread, below each other

// Brings the piece of a matrix [rows, k] that starts at (first_row, first_column) to `tile`. What
// lies outside the matrix becomes 0, and adds nothing to any sum.
template <typename T, int pitch>
__device__ void load_tile(const T* matrix, std::int64_t rows, std::int64_t k,
                          std::int64_t first_row, std::int64_t first_column,
                          float (&tile)[tile_edge][pitch]) {
#pragma unroll
    for (int r = 0; r < tile_edge; r += block_rows) {
        const int tile_row = r + threadIdx.y;
        const std::int64_t row = first_row + tile_row;
#pragma unroll
        for (int c = 0; c < tile_depth; c += tile_edge) {
            const int tile_column = c + threadIdx.x;
            const std::int64_t column = first_column + tile_column;
            const bool inside = row < rows && column < k;
            tile[tile_row][tile_column] = inside ? to_float(matrix[row * k + column]) : 0;
        }
    }
}

template <typename Weight>
__global__ void shared_tiles_kernel(const float* __restrict__ x,     // [m, k] row-major
                                    const Weight* __restrict__ w,    // [n, k] row-major
                                    const float* __restrict__ bias,  // [n] or null
                                    const float* residual,           // [m, n] or null; may be y
                                    float* y,                        // [m, n] row-major
                                    std::int64_t m, std::int64_t n, std::int64_t k) {
    // Aligned, so that the compiler may read four neighbours of a row with one load.
    alignas(16) __shared__ float x_tile[tile_edge][tile_depth];  // [row of x, column]
    __shared__ float w_tile[tile_edge][tile_depth + 1];          // [row of w, column]

    const TileOrigin origin = tile_down_columns(blockIdx.x, m, tile_edge, tile_edge);
    const int tile_row = threadIdx.y * outputs;  // of the thread's first output
    const int tile_column = threadIdx.x;
    const std::int64_t row = origin.row + tile_row;
    const std::int64_t column = origin.column + tile_column;

    float sums[outputs] = {};
    for (std::int64_t first = 0; first < k; first += tile_depth) {
        load_tile(x, m, k, origin.row, first, x_tile);
        load_tile(w, n, k, origin.column, first, w_tile);
        __syncthreads();  // the tiles are complete before anyone reads them
        if (row < m) {    // a warp that is wholly below y only fetches
#pragma unroll 8
            for (int l = 0; l < tile_depth; ++l) {
                const float weight = w_tile[tile_column][l];
#pragma unroll
                for (int r = 0; r < outputs; ++r) sums[r] += x_tile[tile_row + r][l] * weight;
            }
        }
        __syncthreads();  // everyone is done before the tiles are overwritten
    }

#pragma unroll
    for (int r = 0; r < outputs; ++r) {
        if (row + r < m && column < n) {
            const std::int64_t at = (row + r) * n + column;
            y[at] = with_bias_and_residual(sums[r], bias, residual, column, at);
        }
    }
}

}  // namespace

template <typename W>
void v2_shared_tiles(const Linear<float, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = tile_count("matmul", op.m, op.n(), tile_edge, tile_edge);
    const dim3 threads(tile_edge, block_rows);
    shared_tiles_kernel<<<blocks, threads, 0, stream>>>(op.x, op.w.values, op.bias, op.residual,
                                                        op.y, op.m, op.n(), op.k());
    check_launch("matmul v2_shared_tiles");
}

template void v2_shared_tiles(const Linear<float, float>&, cudaStream_t);
template void v2_shared_tiles(const Linear<float, __nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::matmul
