/// Rung 2: a warp for each row of w.
///
/// Idea      The 32 lanes of a warp share a row, side by side: each reads 16 bytes, then those 512
///           bytes further on. At the end the lanes' partial sums are added with shuffles.
/// Changed   v1's lanes had a row each, and memory saw 32 places at once. Here a warp takes four
///           rows at the same time, so that four loads are under way for each lane (eight, with two
///           steps of the loop unrolled), and x is read once for four rows. Adding up four rows
///           together takes 6 shuffles; one after the other they would take 20.
/// Expect    16 sectors for each request of a warp, all of them used. Each row has two requests of
///           512 bytes under way: with n = 4,096 that is 31 KB for each of 132 SMs, about what a
///           copy needs, and with n = 14,336 three times as much. So close to the speed of a copy.
/// Measured  H200, m = 1, k = 4,096, bf16: n = 14,336: 3,712 GB/s, 98 % of the same run's copy,
///           1.03× cuBLAS, 19× v1. But n = 4,096: 2,621 GB/s, 73 %, 0.98× cuBLAS, 46× v1: 31 KB are
///           not enough. ncu: 16 sectors per request, but 7 warps on an SM, and DRAM 47 % busy. A
///           warp has 16 steps, and nobody takes over while it starts and ends.
#include "chapters/16_quantization/launch.hpp"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/check.hpp"
#include "common/device/vectors.cuh"
#include "common/device/warp.cuh"

namespace t2t::quantization {
namespace {

constexpr int block_size = 128;
constexpr int rows_per_warp = 4;  // rows of w that a warp has at the same time
constexpr int rows_per_block = block_size / warp_size * rows_per_warp;

// A lane reads `width` neighbours at once: 16 bytes of weights, or 1 element where rows are not
// aligned.
template <int width, typename X, typename W>
__global__ void __launch_bounds__(block_size)
    gemv_warp_per_row_kernel(const X* __restrict__ x,         // [m, k]
                             const W* __restrict__ w,         // [n, k]
                             const float* __restrict__ bias,  // [n] or null
                             const float* residual,           // [m, n] or null; may be y
                             float* y,                        // [m, n]
                             unsigned m, std::int64_t n, std::int64_t k) {
    const int lane = threadIdx.x % warp_size;
    const int warp = threadIdx.x / warp_size;
    const std::int64_t i = blockIdx.x % m;
    const std::int64_t j = std::int64_t{blockIdx.x / m} * rows_per_block + warp * rows_per_warp;
    if (j >= n) return;  // the whole warp

    const X* x_row = x + i * k;
    const W* w_rows[rows_per_warp];
#pragma unroll
    for (int r = 0; r < rows_per_warp; ++r) {
        // In place of a row past the end the last one is read again; its sum is not stored.
        w_rows[r] = w + (j + r < n ? j + r : n - 1) * k;
    }

    float sums[rows_per_warp] = {};
#pragma unroll 2
    for (std::int64_t l = lane * width; l < k; l += warp_size * width) {
        float xs[width];
        float ws[rows_per_warp][width];
        load_floats(x_row + l, xs);
#pragma unroll
        for (int r = 0; r < rows_per_warp; ++r) load_floats(w_rows[r] + l, ws[r]);
#pragma unroll
        for (int r = 0; r < rows_per_warp; ++r) {
#pragma unroll
            for (int e = 0; e < width; ++e) sums[r] += xs[e] * ws[r][e];
        }
    }

    const float sum = warp_sums(sums);  // lane l has row l / 8
    constexpr int lanes_per_row = warp_size / rows_per_warp;
    const std::int64_t row = j + lane / lanes_per_row;
    if (lane % lanes_per_row == 0 && row < n) {
        y[i * n + row] = matmul::with_bias_and_residual(sum, bias, residual, row, i * n + row);
    }
}

}  // namespace

template <typename X, typename W>
void v2_gemv_warp_per_row(const Linear<X, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = gemv_blocks(op.m, op.n(), rows_per_block);
    const auto m = static_cast<unsigned>(op.m);
    if (op.k() % vector_width<W> == 0) {
        gemv_warp_per_row_kernel<vector_width<W>><<<blocks, block_size, 0, stream>>>(
            op.x, op.w.values, op.bias, op.residual, op.y, m, op.n(), op.k());
    } else {
        gemv_warp_per_row_kernel<1><<<blocks, block_size, 0, stream>>>(
            op.x, op.w.values, op.bias, op.residual, op.y, m, op.n(), op.k());
    }
    check_launch("gemv v2_gemv_warp_per_row");
}

template void v2_gemv_warp_per_row(const Linear<float, float>&, cudaStream_t);
template void v2_gemv_warp_per_row(const Linear<float, __nv_bfloat16>&, cudaStream_t);
template void v2_gemv_warp_per_row(const Linear<__nv_bfloat16, __nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::quantization
