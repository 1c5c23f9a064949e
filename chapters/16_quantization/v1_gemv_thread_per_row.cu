/// Rung 1: a thread for each row of w.
///
/// Idea      An output is one dot product, of a row of x with a row of w. Give each to a thread.
/// Changed   Nothing below this rung. On a CPU this is two loops.
/// Expect    Each weight is needed once for each row of x, and 2 FLOPs are done with it: memory is
///           the limit. And memory is used badly. In each step the 32 lanes read from 32 rows, k
///           elements apart: 32 sectors of 32 bytes for 32 weights. L1 keeps them for the next
///           steps, if it has the room. With n = 4,096 there are 64 blocks of two warps, on 132 SMs.
/// Measured  H100, m = 1, k = 4,096, bf16: n = 4,096 takes 278 µs, 121 GB/s, 4.7 % of the same run's
///           copy, 0.06× cuBLAS; n = 14,336 takes 336 µs, 350 GB/s, 12.7 %: more SMs work. ncu
///           (n = 4,096): L1 has 94 % of the sectors, so there is room. It is 23 % busy over all SMs,
///           of which 48 % have a block: looking up 32 lines for each load takes half of the time
///           there, and two warps do not fill the other half.
#include "chapters/16_quantization/launch.hpp"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::quantization {
namespace {

constexpr int block_size = 64;  // few, so that few rows spread over many SMs

template <typename X, typename W>
__global__ void gemv_thread_per_row_kernel(const X* __restrict__ x,         // [m, k]
                                           const W* __restrict__ w,         // [n, k]
                                           const float* __restrict__ bias,  // [n] or null
                                           const float* residual,  // [m, n] or null; may be y
                                           float* y,               // [m, n]
                                           unsigned m, std::int64_t n, std::int64_t k) {
    const std::int64_t i = blockIdx.x % m;
    const std::int64_t j = std::int64_t{blockIdx.x / m} * blockDim.x + threadIdx.x;
    if (j >= n) return;
    const X* x_row = x + i * k;
    const W* w_row = w + j * k;
    float sum = 0;
    for (std::int64_t l = 0; l < k; ++l) sum += to_float(x_row[l]) * to_float(w_row[l]);
    y[i * n + j] = matmul::with_bias_and_residual(sum, bias, residual, j, i * n + j);
}

}  // namespace

template <typename X, typename W>
void v1_gemv_thread_per_row(const Linear<X, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = gemv_blocks(op.m, op.n(), block_size);
    gemv_thread_per_row_kernel<<<blocks, block_size, 0, stream>>>(
        op.x, op.w.values, op.bias, op.residual, op.y, static_cast<unsigned>(op.m), op.n(), op.k());
    check_launch("gemv v1_gemv_thread_per_row");
}

template void v1_gemv_thread_per_row(const Linear<float, float>&, cudaStream_t);
template void v1_gemv_thread_per_row(const Linear<float, __nv_bfloat16>&, cudaStream_t);
template void v1_gemv_thread_per_row(const Linear<__nv_bfloat16, __nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::quantization
