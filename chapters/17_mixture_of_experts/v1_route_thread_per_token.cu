/// Rung 1: one thread for each token.
///
/// Idea      A thread walks over its token's logits once for each expert that it may choose, and
///           takes the largest of those that come after the one before. No list of what is taken is
///           kept: a place in the order is a logit and a number.
/// Changed   Against a CPU: there it is a partial sort of each row.
/// Expect    8 logits per token are 32 bytes, one sector, and top-2 reads them three times, from the
///           cache after the first. The launch costs more than the work until there are tens of
///           thousands of tokens.
/// Measured  H200, 2 of 8: 1 token 2.5 µs, 31 % of the same run's copy; 65,536 tokens 4.9 µs,
///           642 GB/s, 44 %. As predicted: 65,536 times the work takes twice the time.
#include "chapters/17_mixture_of_experts/launch.hpp"
#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/device/check.hpp"

namespace t2t::mixture_of_experts {
namespace {

__global__ void route_thread_per_token_kernel(const float* logits,   // [tokens, experts]
                                              std::int32_t* chosen,  // [tokens, top_k]
                                              float* shares,         // [tokens, top_k]
                                              std::int64_t tokens, std::int64_t expert_count,
                                              std::int64_t top_k) {
    const std::int64_t token = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (token >= tokens) return;
    const float* row = logits + token * expert_count;
    std::int32_t* experts = chosen + token * top_k;
    float* share = shares + token * top_k;

    bool has_nan = false;
    for (std::int64_t e = 0; e < expert_count; ++e) has_nan |= isnan(row[e]);
    if (has_nan) {  // no order: any choice is as good, and the shares say that it is none
        for (std::int64_t slot = 0; slot < top_k; ++slot) {
            experts[slot] = static_cast<std::int32_t>(slot);
            share[slot] = NAN;
        }
        return;
    }

    float last_logit = INFINITY;  // of the expert chosen before
    std::int64_t last = -1;
    for (std::int64_t slot = 0; slot < top_k; ++slot) {
        std::int64_t best = -1;
        for (std::int64_t e = 0; e < expert_count; ++e) {
            const bool taken = row[e] > last_logit || (row[e] == last_logit && e <= last);
            if (!taken && (best < 0 || row[e] > row[best])) best = e;
        }
        experts[slot] = static_cast<std::int32_t>(best);
        last_logit = row[best];
        last = best;
    }

    // Softmax over the chosen. The first is the largest, so no exponential overflows.
    float sum = 0;
    for (std::int64_t slot = 0; slot < top_k; ++slot) {
        share[slot] = expf(row[experts[slot]] - row[experts[0]]);
        sum += share[slot];
    }
    for (std::int64_t slot = 0; slot < top_k; ++slot) share[slot] /= sum;
}

}  // namespace

void v1_route_thread_per_token(const Route& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("router", ceil_div<std::int64_t>(op.tokens, block_size));
    route_thread_per_token_kernel<<<blocks, block_size, 0, stream>>>(
        op.logits, op.chosen, op.shares, op.tokens, op.experts, op.top_k);
    check_launch("router v1_route_thread_per_token");
}

}  // namespace t2t::mixture_of_experts
