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
#include "chapters/05_matmul/launch.hpp"
#include "chapters/05_matmul/matmul.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::matmul {
namespace {

constexpr int block_rows = 8;
constexpr int block_columns = 32;

template <typename Weight>
__global__ void naive_kernel(const float* __restrict__ x,     // [m, k] row-major
                             const Weight* __restrict__ w,    // [n, k] row-major
                             const float* __restrict__ bias,  // [n] or null
                             float* __restrict__ y,           // [m, n] row-major
                             MatmulShape shape) {
    const TileOrigin origin = tile_origin(blockIdx.x, shape.m, block_rows, block_columns);
    const std::int64_t i = origin.row + threadIdx.y;
    const std::int64_t j = origin.column + threadIdx.x;
    if (i >= shape.m || j >= shape.n) return;
    const float* x_row = x + i * shape.k;
    const Weight* w_row = w + j * shape.k;
    float sum = 0;
    for (std::int64_t l = 0; l < shape.k; ++l) sum += x_row[l] * to_float(w_row[l]);
    y[i * shape.n + j] = bias == nullptr ? sum : sum + bias[j];
}

}  // namespace

template <typename Weight>
void v1_naive(const float* x, const Weight* w, const float* bias, float* y, MatmulShape shape,
              cudaStream_t stream) {
    if (!has_work(x, w, bias, y, shape)) return;
    const unsigned blocks = tile_count(shape, block_rows, block_columns);
    const dim3 threads(block_columns, block_rows);
    naive_kernel<<<blocks, threads, 0, stream>>>(x, w, bias, y, shape);
    check_launch("matmul v1_naive");
}

template void v1_naive(const float*, const float*, const float*, float*, MatmulShape, cudaStream_t);
template void v1_naive(const float*, const __nv_bfloat16*, const float*, float*, MatmulShape,
                       cudaStream_t);

}  // namespace t2t::matmul
