/// Rung 2: one block per row.
///
/// Idea      The threads of a block share a row. Each takes the maximum and the sum of its own
///           elements; chapter 04's halving in shared memory makes one of 256.
/// Changed   v1's thread had a row to itself. Here neighbouring lanes have neighbouring columns,
///           and the two numbers that all need are found together.
/// Expect    4 sectors per request. The row is still read three times, but by the same block within
///           microseconds: a row of 8,192 is 32 KB, so the second and the third time it comes from
///           a cache. Close to a copy, less 20 barriers per row.
/// Measured  H200, 8,192 × 8,192: 1,555 GB/s, 37 % of the same run's copy, 7.80× v1. Not close to a
///           copy: ncu finds 5 % of the sectors in L1, and 499 MB come from DRAM, 1.9 passes of the
///           three. Warps wait for memory 26 cycles per instruction, at the barriers 2. 32 ×
///           128,256: 83 GB/s, 2.4 %, 91× v1: 32 blocks leave 100 SMs empty.
#include "chapters/08_softmax/launch.hpp"
#include "chapters/08_softmax/softmax.cuh"
#include "common/device/block.cuh"
#include "common/device/check.hpp"

namespace t2t::softmax {
namespace {

__global__ void block_per_row_kernel(const float* x,  // [rows, columns]
                                     float* y,        // [rows, columns]
                                     std::int64_t columns) {
    __shared__ float values[block_size];

    const std::int64_t row = blockIdx.x;
    x += row * columns;
    y += row * columns;

    float maximum = lowest;
    for (std::int64_t i = threadIdx.x; i < columns; i += blockDim.x) {
        maximum = fmaxf(maximum, x[i]);
    }
    maximum = block_reduce(maximum, values, [](float a, float b) { return fmaxf(a, b); });
    if (maximum == lowest) maximum = 0;

    float sum = 0;
    for (std::int64_t i = threadIdx.x; i < columns; i += blockDim.x) {
        sum += expf(x[i] - maximum);
    }
    sum = block_reduce(sum, values, [](float a, float b) { return a + b; });

    const float scale = sum == 0 ? 0 : 1 / sum;
    for (std::int64_t i = threadIdx.x; i < columns; i += blockDim.x) {
        y[i] = expf(x[i] - maximum) * scale;
    }
}

}  // namespace

void v2_block_per_row(const Softmax& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("softmax", op.rows);
    const unsigned threads = threads_for(op.columns);
    block_per_row_kernel<<<blocks, threads, 0, stream>>>(op.x, op.y, op.columns);
    check_launch("softmax v2_block_per_row");
}

}  // namespace t2t::softmax
