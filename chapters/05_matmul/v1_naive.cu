/// Rung 1: a thread for each output.
///
/// Idea      y has m · n elements, and each is a dot product of its own: a row of x with a row of
///           w. One thread computes one of them.
/// Changed   Nothing below this rung. On a CPU this is three loops; here the outer two are the
///           grid.
/// Expect    Two loads for each multiply-add, so the load units are the limit, not the arithmetic.
///           The lanes of a warp have neighbouring outputs of one row: they all read the same
///           element of x (one sector), and 32 elements of w, k apart (32 sectors). Of each sector
///           the next 7 steps use the rest, if it is still in L1 then.
/// Measured  H200, 4,096³, fp32: 0.500 TFLOP/s, 0.8 % of the fp32 peak, 0.01× cuBLAS in the same
///           run; bf16 w: 0.500. 33 passes of L1 for a warp's multiply-add, as counted: ncu finds
///           L1 98.7 % busy and the FMA units 2.6 %. The rest of a sector is still there: 2 % of
///           the sectors come from L2.
#include "chapters/05_matmul/matmul.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/tiles.cuh"

namespace t2t::matmul {
namespace {

constexpr int block_rows = 8;
constexpr int block_columns = 32;

template <typename Weight>
__global__ void naive_kernel(const float* __restrict__ x,     // [m, k] row-major
                             const Weight* __restrict__ w,    // [n, k] row-major
                             const float* __restrict__ bias,  // [n] or null
                             const float* residual,           // [m, n] or null; may be y
                             float* y,                        // [m, n] row-major
                             std::int64_t m, std::int64_t n, std::int64_t k) {
    const TileOrigin origin = tile_down_columns(blockIdx.x, m, block_rows, block_columns);
    const std::int64_t i = origin.row + threadIdx.y;
    const std::int64_t j = origin.column + threadIdx.x;
    if (i >= m || j >= n) return;
    const float* x_row = x + i * k;
    const Weight* w_row = w + j * k;
    float sum = 0;
    for (std::int64_t l = 0; l < k; ++l) sum += x_row[l] * to_float(w_row[l]);
    y[i * n + j] = with_bias_and_residual(sum, bias, residual, j, i * n + j);
}

}  // namespace

template <typename W>
void v1_naive(const Linear<float, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = tile_count("matmul", op.m, op.n(), block_rows, block_columns);
    const dim3 threads(block_columns, block_rows);
    naive_kernel<<<blocks, threads, 0, stream>>>(op.x, op.w.values, op.bias, op.residual, op.y,
                                                 op.m, op.n(), op.k());
    check_launch("matmul v1_naive");
}

template void v1_naive(const Linear<float, float>&, cudaStream_t);
template void v1_naive(const Linear<float, __nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::matmul
