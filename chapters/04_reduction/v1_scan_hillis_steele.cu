/// Rung 1: Hillis and Steele.
///
/// Idea      Step d adds to every element the one 2ᵈ places before it: after 1, 2, 4 … each holds
///           the sum of the last 2, 4, 8 … So 256 elements take 8 steps, not 255.
/// Changed   Against the loop `sum += x[i]; y[i] = sum;` of a CPU, which hands one number from
///           element to element: a block takes a row in chunks of its own size, and only the sum of
///           a chunk is handed on.
/// Expect    8 bytes per element, and loads and stores of 4 sectors. But a chunk of 256 takes 9
///           barriers, and chunks wait for each other: far from the speed of memory, unless there
///           are enough rows for several blocks on each SM.
/// Measured  H200, 256 × 128,256: 0.473 ms, 556 GB/s, 14 % of the same run's copy; one row: 0.416
///           ms. 0.94 µs per chunk. ncu: 24 % of the warps, and they wait longer for memory than at
///           barriers (4.4 to 1.6 cycles per instruction): no chunk is asked for before the last one
///           is done.
#include "chapters/04_reduction/launch.hpp"
#include "chapters/04_reduction/reduction.cuh"
#include "common/device/check.hpp"

namespace t2t::reduction {
namespace {

__global__ void scan_hillis_steele_kernel(const float* x,  // [rows, columns]
                                          float* y,        // [rows, columns]
                                          std::int64_t columns) {
    // Steps take turns with two copies: while some threads still read one, others write the other.
    __shared__ float sums[2][block_size];

    const int thread = threadIdx.x;
    const int threads = blockDim.x;
    const std::int64_t row = blockIdx.x;
    int turn = 0;
    float carry = 0;  // the sum of all chunks before this one, the same in every thread

    for (std::int64_t start = 0; start < columns; start += threads) {
        const std::int64_t column = start + thread;
        float sum = column < columns ? x[row * columns + column] : 0;
        for (int distance = 1; distance < threads; distance *= 2) {
            sums[turn][thread] = sum;
            __syncthreads();
            if (thread >= distance) sum += sums[turn][thread - distance];
            turn = 1 - turn;
        }
        if (column < columns) y[row * columns + column] = carry + sum;

        sums[turn][thread] = sum;
        __syncthreads();
        carry += sums[turn][threads - 1];  // the last thread has the sum of the chunk
        turn = 1 - turn;
    }
}

}  // namespace

void v1_scan_hillis_steele(const Scan& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("scan", op.rows);
    const unsigned threads = threads_for(op.columns);
    scan_hillis_steele_kernel<<<blocks, threads, 0, stream>>>(op.x, op.y, op.columns);
    check_launch("scan v1_scan_hillis_steele");
}

}  // namespace t2t::reduction
