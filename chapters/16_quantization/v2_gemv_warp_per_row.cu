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
///           not enough. ncu: 16 sectors a request, but 7 warps on an SM, and DRAM 47 % busy. A
///           warp has 16 steps, and nobody takes over while it starts and ends.
#include "chapters/16_quantization/launch.hpp"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::quantization {
namespace {

constexpr int block_size = 128;
constexpr int rows_per_warp = 4;  // rows of w that a warp has at the same time
constexpr int rows_per_block = block_size / warp_size * rows_per_warp;

// `count` neighbours as floats. More than one are read in 16-byte loads, so `from` must be aligned.
template <int count, typename T>
__device__ void load(const T* from, float (&to)[count]) {
    if constexpr (count == 1) {
        to[0] = to_float(*from);
    } else {
        constexpr int per_vector = vector_bytes / sizeof(T);
#pragma unroll
        for (int v = 0; v < count / per_vector; ++v) {
            const uint4 vector = reinterpret_cast<const uint4*>(from)[v];
            const T* values = reinterpret_cast<const T*>(&vector);
#pragma unroll
            for (int e = 0; e < per_vector; ++e) to[v * per_vector + e] = to_float(values[e]);
        }
    }
}

// Adds up each of the warp's sums over its 32 lanes; lane l gets the one of row l / 8.
//
// Lanes 16 apart hold parts of the same four sums. Each gives two of them away and keeps the
// other two: after one exchange there are half as many sums to a lane, each from twice as many
// lanes.
__device__ float warp_sum(float (&sums)[rows_per_warp]) {
    const unsigned lane = threadIdx.x % warp_size;
    unsigned distance = warp_size / 2;
#pragma unroll
    for (int kept = rows_per_warp / 2; kept > 0; kept /= 2) {
        const bool upper = lane & distance;
#pragma unroll
        for (int r = 0; r < kept; ++r) {
            const float given = upper ? sums[r] : sums[r + kept];
            const float own = upper ? sums[r + kept] : sums[r];
            sums[r] = own + __shfl_xor_sync(0xffffffffu, given, distance);
        }
        distance /= 2;
    }
    float sum = sums[0];
#pragma unroll
    for (; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    return sum;
}

// A lane reads `width` neighbours at once: 16 bytes of weights, or 1 element where rows are not
// aligned.
template <int width, typename T, typename Weight>
__global__ void __launch_bounds__(block_size)
    gemv_warp_per_row_kernel(const T* __restrict__ x,         // [m, k]
                             const Weight* __restrict__ w,    // [n, k]
                             const float* __restrict__ bias,  // [n] or null
                             float* __restrict__ y,           // [m, n]
                             GemvShape shape) {
    const auto m = static_cast<unsigned>(shape.m);
    const std::int64_t n = shape.n;
    const std::int64_t k = shape.k;
    const int lane = threadIdx.x % warp_size;
    const int warp = threadIdx.x / warp_size;
    const std::int64_t i = blockIdx.x % m;
    const std::int64_t j = std::int64_t{blockIdx.x / m} * rows_per_block + warp * rows_per_warp;
    if (j >= n) return;  // the whole warp

    const T* x_row = x + i * k;
    const Weight* w_rows[rows_per_warp];
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
        load(x_row + l, xs);
#pragma unroll
        for (int r = 0; r < rows_per_warp; ++r) load(w_rows[r] + l, ws[r]);
#pragma unroll
        for (int r = 0; r < rows_per_warp; ++r) {
#pragma unroll
            for (int e = 0; e < width; ++e) sums[r] += xs[e] * ws[r][e];
        }
    }

    const float sum = warp_sum(sums);
    constexpr int lanes_per_row = warp_size / rows_per_warp;
    const std::int64_t row = j + lane / lanes_per_row;
    if (lane % lanes_per_row == 0 && row < n) {
        y[i * n + row] = bias == nullptr ? sum : sum + bias[row];
    }
}

}  // namespace

template <typename T, typename Weight>
void v2_gemv_warp_per_row(const T* x, const Weight* w, const float* bias, float* y, GemvShape shape,
                          cudaStream_t stream) {
    if (!has_work(x, w, bias, y, shape)) return;
    constexpr int width = vector_bytes / sizeof(Weight);
    const unsigned blocks = gemv_blocks(shape, rows_per_block);
    if (shape.k % width == 0) {
        gemv_warp_per_row_kernel<width><<<blocks, block_size, 0, stream>>>(x, w, bias, y, shape);
    } else {
        gemv_warp_per_row_kernel<1><<<blocks, block_size, 0, stream>>>(x, w, bias, y, shape);
    }
    check_launch("gemv v2_gemv_warp_per_row");
}

template void v2_gemv_warp_per_row(const float*, const float*, const float*, float*, GemvShape,
                                   cudaStream_t);
template void v2_gemv_warp_per_row(const float*, const __nv_bfloat16*, const float*, float*,
                                   GemvShape, cudaStream_t);
template void v2_gemv_warp_per_row(const __nv_bfloat16*, const __nv_bfloat16*, const float*, float*,
                                   GemvShape, cudaStream_t);

}  // namespace t2t::quantization
