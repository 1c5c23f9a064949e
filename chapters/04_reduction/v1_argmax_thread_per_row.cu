/// Rung 1: one thread per row.
///
/// Idea      A thread walks along its row and remembers the best element so far.
/// Changed   Against the loop of a CPU program: one copy of it for each row.
/// Expect    4 bytes per element, so memory is the limit. But lanes are a whole row apart: 32
///           sectors per request where 4 would do. And a batch has few rows: 256 of them are 8 warps,
///           and an H200 holds 8,448. Each thread waits for one sector of 8 elements after the
///           other: 13 ms for 128,256 columns.
/// Measured  H200, 256 × 128,256: 18.3 ms, 7.2 GB/s, 0.2 % of the same run's copy. Slower than
///           expected: a warp waits for the slowest of its 32 rows, and the other 7 elements of a
///           sector are loads of 32 sectors from L1, which the count left out. ncu: 32 sectors per
///           load, no byte read twice, 4 SMs of 132 at work.
#include "chapters/04_reduction/launch.hpp"
#include "chapters/04_reduction/reduction.cuh"
#include "common/device/check.hpp"

namespace t2t::reduction {
namespace {

__global__ void argmax_thread_per_row_kernel(const float* x,       // [rows, columns]
                                             std::int32_t* index,  // [rows]
                                             std::int64_t rows, std::int64_t columns) {
    const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row >= rows) return;

    float largest = 0;
    std::int32_t best = -1;  // none yet
    for (std::int64_t column = 0; column < columns; ++column) {
        const float value = x[row * columns + column];
        if (isnan(value)) {
            best = -1;  // no element is the largest
            break;
        }
        if (best < 0 || value > largest) {  // of equal elements, the first stays
            largest = value;
            best = static_cast<std::int32_t>(column);
        }
    }
    index[row] = best;
}

}  // namespace

void v1_argmax_thread_per_row(const Argmax& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("argmax", ceil_div<std::int64_t>(op.rows, rows_per_block));
    argmax_thread_per_row_kernel<<<blocks, rows_per_block, 0, stream>>>(op.x, op.index, op.rows,
                                                                        op.columns);
    check_launch("argmax v1_argmax_thread_per_row");
}

}  // namespace t2t::reduction
