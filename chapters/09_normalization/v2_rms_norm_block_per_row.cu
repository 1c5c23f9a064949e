/// Rung 2: RMSNorm, one block per row.
///
/// Idea      The threads of a block walk along one row together, and a tree in shared memory adds
///           up their squares.
/// Changed   v1 gave a row to a thread. Here neighbouring threads take neighbouring columns.
/// Expect    4 sectors per request, 256 times the threads, and one tree per row where LayerNorm has
///           two.
/// Measured  H200, 8,192 × 4,096: 2,421 GB/s, 60 % of the same run's copy, 18.5× v1; y in bf16:
///           1,984 GB/s, 50 %, 25.2× v1. ncu: x comes from DRAM once; the second time it comes
///           mostly from L2, as L1 has 41 % of the sectors. Warps wait for loads 26 cycles per
///           instruction, at barriers 2.
#include "chapters/09_normalization/launch.hpp"
#include "chapters/09_normalization/normalization.cuh"
#include "common/device/block.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::normalization {
namespace {

template <typename T>
__global__ void rms_norm_block_per_row_kernel(const float* __restrict__ x,       // [rows, width]
                                              const float* __restrict__ weight,  // [width]
                                              T* __restrict__ y,                 // [rows, width]
                                              std::int64_t width, float epsilon) {
    __shared__ float partial[block_size];
    const float* row = x + blockIdx.x * width;

    float squares = 0;
    for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x) squares += row[c] * row[c];
    const float mean_square = block_sum(squares, partial) / static_cast<float>(width);
    const float scale = rsqrtf(mean_square + epsilon);

    for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x) {
        y[blockIdx.x * width + c] = from_float<T>(row[c] * scale * weight[c]);
    }
}

}  // namespace

template <typename T>
void v2_rms_norm_block_per_row(const RmsNorm<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("rms_norm", op.rows);
    rms_norm_block_per_row_kernel<<<blocks, threads_for(op.width), 0, stream>>>(
        op.x, op.weight, op.y, op.width, op.epsilon);
    check_launch("rms_norm v2_rms_norm_block_per_row");
}

template void v2_rms_norm_block_per_row(const RmsNorm<float>&, cudaStream_t);
template void v2_rms_norm_block_per_row(const RmsNorm<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::normalization
