/// Rung 1: one thread for each row.
///
/// Idea      A thread walks down the cumulative probabilities twice: to find how many tokens are
///           kept, and to find the one that the random number points at.
/// Expect    Both walks end early when a few tokens have most of the probability. When they do not,
///           a thread alone reads 128,256 sums one after the other, and waits 0.8 µs for each
///           sector of 8: up to 13 ms a walk, for 33 MB that memory delivers in 8 µs.
/// Measured  H200, 128,256 tokens, equally likely, u = 0.5: 1 row 13.0 ms, 64 rows 23.4 ms,
///           1.4 GB/s, under 0.1 % of the same run's copy. That is 0.54 and 0.97 µs per sector for
///           one and a half walks. ncu (64 rows): 32 sectors per request, one SM of 132 at work, DRAM
///           idle.
#include "chapters/18_sampling/sampling.cuh"
#include "common/device/check.hpp"

namespace t2t::sampling {
namespace {

constexpr int block_size = 64;

__global__ void draw_thread_per_row_kernel(const float* cumulative,     // [rows, vocabulary]
                                           const std::int32_t* tokens,  // [rows, vocabulary]
                                           const RowRule* rules,        // [rows]
                                           std::int32_t* drawn,         // [rows]
                                           std::int64_t rows, std::int64_t vocabulary) {
    const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    cumulative += row * vocabulary;
    tokens += row * vocabulary;
    const RowRule rule = rules[row];
    if (rule.temperature == 0) return;  // greedy: its token is not drawn

    std::int64_t most = vocabulary;
    if (0 < rule.top_k && rule.top_k < most) most = rule.top_k;
    std::int64_t kept = 1;
    while (kept < most && !(cumulative[kept - 1] >= rule.top_p)) ++kept;

    const float threshold = rule.uniform * cumulative[kept - 1];
    std::int32_t token = -1;
    if (!isnan(cumulative[vocabulary - 1])) {
        for (std::int64_t i = 0; i < kept; ++i) {
            if (cumulative[i] > threshold) {
                token = tokens[i];
                break;
            }
        }
    }
    drawn[row] = token;
}

}  // namespace

void v1_draw_thread_per_row(const Draw& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("draw", ceil_div<std::int64_t>(op.rows, block_size));
    draw_thread_per_row_kernel<<<blocks, block_size, 0, stream>>>(
        op.cumulative, op.tokens, op.rules, op.drawn, op.rows, op.vocabulary);
    check_launch("draw v1_draw_thread_per_row");
}

}  // namespace t2t::sampling
