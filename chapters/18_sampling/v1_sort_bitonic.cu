/// Rung 1: a bitonic network, one block for each row.
///
/// Idea      Compare pairs at fixed places, and exchange those that are in the wrong order. Which
///           places are compared does not depend on the data, so all pairs of a step can go at
///           once. (Batcher, Sorting Networks and their Applications, 1968.)
/// Changed   Against a merge sort on a CPU: a loop would merge sorted runs of 1, 2, 4 … element by
///           element; here a merge of two runs of n takes log₂ 2n steps, each with n independent
///           pairs.
/// Expect    A row of n takes log₂ n · (log₂ n + 1) / 2 steps, 153 for 128,256 tokens. Each passes
///           over the whole row and ends in a barrier. The row is 1 MB with its tokens: too large
///           for an SM, so every step goes to L2. About 3 ms, for one row as for one on every SM.
/// Measured  H200, 128,256 tokens: 1 row 4.95 ms, 64 rows 9.97 ms, 9.9 GB/s, 0.3 % of the same
///           run's copy. Twice refuted. A pair takes 0.51 µs, not 0.3. And 64 rows with their
///           tokens are 66 MB, more than L2 has: ncu counts 15 GB to and from DRAM.
#include <algorithm>
#include <bit>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/check.hpp"

namespace t2t::sampling {
namespace {

// NaN first, then larger values, then lower tokens: no two elements are equal in this order.
__device__ bool comes_before(float a, std::int32_t token_a, float b, std::int32_t token_b) {
    if (a > b || a < b) return a > b;  // neither for equals, nor beside a NaN
    if (isnan(a) != isnan(b)) return isnan(a);
    return token_a < token_b;
}

__global__ void sort_bitonic_kernel(const float* values,   // [rows, vocabulary]
                                    float* sorted,         // [rows, vocabulary]
                                    std::int32_t* tokens,  // [rows, vocabulary]
                                    std::int64_t n) {      // the vocabulary
    values += blockIdx.x * n;
    sorted += blockIdx.x * n;
    tokens += blockIdx.x * n;

    for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) {
        sorted[i] = values[i];
        tokens[i] = static_cast<std::int32_t>(i);
    }
    // Two sorted runs of run/2 become one of `run`. The first step compares each element with its
    // mirror image in the other run; then what belongs in front is in front, and the rest happens
    // within the halves, their halves, and so on.
    for (std::int64_t run = 2; run / 2 < n; run *= 2) {
        for (std::int64_t half = run / 2; half > 0; half /= 2) {
            __syncthreads();  // all exchanges of the step before have been made
            for (std::int64_t pair = threadIdx.x;; pair += blockDim.x) {
                // The pairs of a stretch of 2 · half places begin in its first half.
                const std::int64_t i = 2 * pair - (pair & (half - 1));
                if (i >= n) break;
                const std::int64_t j = half == run / 2 ? i ^ (run - 1) : i + half;
                // Always i < j and the smaller in front: places from n on would hold what comes
                // last, and would never be exchanged.
                if (j >= n || comes_before(sorted[i], tokens[i], sorted[j], tokens[j])) continue;
                const float value = sorted[i];
                const std::int32_t token = tokens[i];
                sorted[i] = sorted[j];
                tokens[i] = tokens[j];
                sorted[j] = value;
                tokens[j] = token;
            }
        }
    }
}

// A barrier of a large block costs more, so a thread has 8 pairs in each step before there are more
// threads. A power of two from a warp to the largest block.
unsigned threads_for(std::int64_t vocabulary) {
    return std::bit_ceil(
        static_cast<unsigned>(std::clamp<std::int64_t>(vocabulary / 16, 32, 1024)));
}

}  // namespace

void v1_sort_bitonic(const SortTokens& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("sort_tokens", op.rows);
    const unsigned threads = threads_for(op.vocabulary);
    sort_bitonic_kernel<<<blocks, threads, 0, stream>>>(op.values, op.sorted, op.tokens,
                                                        op.vocabulary);
    check_launch("sort_tokens v1_sort_bitonic");
}

}  // namespace t2t::sampling
