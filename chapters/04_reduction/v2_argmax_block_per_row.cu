/// Rung 2: one block per row.
///
/// Idea      Each thread of a block finds the best of its share of the row. Then the block's
///           candidates meet in shared memory: in each step half of them are dropped, until one is
///           left.
/// Changed   v1's thread had a whole row. Here 256 threads share one, and neighbouring lanes read
///           neighbouring columns. New is the end: threads that must agree on one answer.
/// Expect    4 sectors per request, and 256 times the threads. The halving takes 8 steps with a
///           barrier each, whatever the length of the row: much for 256 columns, little for
///           128,256.
/// Measured  H200, 256 × 128,256: 0.199 ms, 661 GB/s, 18 % of the same run's copy, 92× v1; one row:
///           0.127 ms, 81× v1. 256 rows are two blocks on an SM (ncu: 24 % of the warps), and those
///           wait for memory 88 times as long as at barriers: too few bytes are under way.
#include "chapters/04_reduction/launch.hpp"
#include "chapters/04_reduction/reduction.cuh"
#include "common/device/check.hpp"

namespace t2t::reduction {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();  // no column has this index

struct Candidate {
    float value;
    std::int32_t index;
};

// A total order, so the winner does not depend on who meets whom first.
__device__ bool beats(Candidate a, Candidate b) {
    return a.value > b.value || (a.value == b.value && a.index < b.index);
}

__global__ void argmax_block_per_row_kernel(const float* x,       // [rows, columns]
                                            std::int32_t* index,  // [rows]
                                            std::int64_t columns) {
    __shared__ Candidate candidates[block_size];

    const int thread = threadIdx.x;
    const int threads = blockDim.x;  // a power of two
    const std::int64_t row = blockIdx.x;

    Candidate best{-infinity, none};  // loses to every element, even to -infinity
    for (std::int64_t column = thread; column < columns; column += threads) {
        const float value = x[row * columns + column];
        Candidate candidate{value, static_cast<std::int32_t>(column)};
        if (isnan(value)) candidate = {infinity, -1};  // beats every element, even +infinity
        if (beats(candidate, best)) best = candidate;
    }
    candidates[thread] = best;
    __syncthreads();

    for (int half = threads / 2; half > 0; half /= 2) {
        if (thread < half && beats(candidates[thread + half], candidates[thread])) {
            candidates[thread] = candidates[thread + half];
        }
        __syncthreads();  // the next step reads what others have written in this one
    }
    if (thread == 0) index[row] = candidates[0].index == none ? -1 : candidates[0].index;
}

}  // namespace

void v2_argmax_block_per_row(const Argmax& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("argmax", op.rows);
    const unsigned threads = threads_for(op.columns);
    argmax_block_per_row_kernel<<<blocks, threads, 0, stream>>>(op.x, op.index, op.columns);
    check_launch("argmax v2_argmax_block_per_row");
}

}  // namespace t2t::reduction
