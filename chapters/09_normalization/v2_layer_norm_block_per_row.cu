/// Rung 2: LayerNorm, one block per row.
///
/// Idea      The threads of a block walk along one row together. Each adds up what it meets, and a
///           tree in shared memory adds up the threads.
/// Changed   v1 gave a row to a thread. Here neighbouring threads take neighbouring columns, and
///           the row's two sums need block_sum, where v1 needed an addition.
/// Expect    4 sectors per request, and 128 or 256 times the threads. The row is still read three
///           times, but it is 3 to 16 KB long: the second and third time it comes from L1. What
///           costs is the tree: 7 or 8 steps with a barrier each, twice for each row.
/// Measured  H200, 8,192 × 768: 1,760 GB/s, 68 % of the same run's copy, 20.2× v1. (That copy was
///           slow, 2,577 GB/s.) ncu: L1 has 77 % of the sectors, and x comes from DRAM once. But it
///           is not the tree that costs: warps wait for loads 8.4 cycles per instruction, at
///           barriers 1.8. At this width a block has 128 threads.
#include "chapters/09_normalization/launch.hpp"
#include "chapters/09_normalization/normalization.cuh"
#include "common/device/block.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::normalization {
namespace {

template <typename T>
__global__ void layer_norm_block_per_row_kernel(const float* __restrict__ x,       // [rows, width]
                                                const float* __restrict__ weight,  // [width]
                                                const float* __restrict__ bias,    // [width]
                                                T* __restrict__ y,                 // [rows, width]
                                                std::int64_t width, float epsilon) {
    __shared__ float partial[block_size];
    const float* row = x + blockIdx.x * width;

    float sum = 0;
    for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x) sum += row[c];
    const float mean = block_sum(sum, partial) / static_cast<float>(width);

    float squares = 0;
    for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x) {
        squares += (row[c] - mean) * (row[c] - mean);
    }
    const float variance = block_sum(squares, partial) / static_cast<float>(width);
    const float scale = rsqrtf(variance + epsilon);

    for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x) {
        y[blockIdx.x * width + c] = from_float<T>((row[c] - mean) * scale * weight[c] + bias[c]);
    }
}

}  // namespace

template <typename T>
void v2_layer_norm_block_per_row(const LayerNorm<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("layer_norm", op.rows);
    layer_norm_block_per_row_kernel<<<blocks, threads_for(op.width), 0, stream>>>(
        op.x, op.weight, op.bias, op.y, op.width, op.epsilon);
    check_launch("layer_norm v2_layer_norm_block_per_row");
}

template void v2_layer_norm_block_per_row(const LayerNorm<float>&, cudaStream_t);
template void v2_layer_norm_block_per_row(const LayerNorm<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::normalization
