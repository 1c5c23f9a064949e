/// Rung 1: three kernels.
///
/// Idea      Write the formula down: scores = scale · Q · Kᵀ, a softmax of each row, and the
///           product with V. The first and the last are kernels of a thread an element; the softmax
///           is the top of chapter 08's ladder.
/// Changed   Nothing below this rung.
/// Expect    A score for each head, query and position goes through memory four times: written,
///           read and written by the softmax (which may read it more than once), read by the sum.
///           And a thread fetches two operands for each multiply-add, so the caches are the limit
///           long before the arithmetic is.
/// Measured  H200, 32 / 8 heads of 128, causal, bf16: 1,024 tokens 9.59 ms, 4,096 tokens 153 ms,
///           both 0.90 TFLOP/s, 1.4 % of fp32's peak. As predicted: ncu (1,024 tokens) has L1 98 %
///           busy in the scores kernel, which takes 8.7 ms, and DRAM 0.3 %.
#include <cmath>

#include "chapters/08_softmax/softmax.cuh"
#include "chapters/14_flash_attention/flash_attention.cuh"
#include "chapters/14_flash_attention/launch.hpp"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::flash_attention {
namespace {

// The first position that the token at `position` sees.
__device__ std::int64_t first_seen(std::int64_t position, std::int64_t window) {
    return window > 0 && position >= window ? position - window + 1 : 0;
}

template <typename T>
__global__ void scores_kernel(const T* q,     // [queries, heads, head_dim]
                              const T* keys,  // [positions, kv_heads, head_dim]
                              float* scores,  // [heads, queries, positions]
                              AttentionShape shape) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t positions = shape.start + shape.queries;
    const std::int64_t j = thread % positions;
    const std::int64_t i = thread / positions % shape.queries;
    const std::int64_t head = thread / positions / shape.queries;
    if (head >= shape.heads) return;
    const std::int64_t position = shape.start + i;
    if (j < first_seen(position, shape.window) || j > position) {
        scores[thread] = -INFINITY;  // the softmax gives it the weight 0
        return;
    }
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    const T* query = q + (i * shape.heads + head) * shape.head_dim;
    const T* key = keys + (j * shape.kv_heads + kv_head) * shape.head_dim;
    float sum = 0;
    for (std::int64_t d = 0; d < shape.head_dim; ++d) sum += to_float(query[d]) * to_float(key[d]);
    scores[thread] = shape.scale * sum;
}

template <typename T>
__global__ void scores_times_values_kernel(const float* weights,  // [heads, queries, positions]
                                           const T* values,       // [positions, kv_heads, head_dim]
                                           T* out,                // [queries, heads, head_dim]
                                           AttentionShape shape) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t d = thread % shape.head_dim;
    const std::int64_t head = thread / shape.head_dim % shape.heads;
    const std::int64_t i = thread / shape.head_dim / shape.heads;
    if (i >= shape.queries) return;
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    const std::int64_t positions = shape.start + shape.queries;
    const float* row = weights + (head * shape.queries + i) * positions;
    const std::int64_t position = shape.start + i;
    float sum = 0;
    for (std::int64_t j = first_seen(position, shape.window); j <= position; ++j) {
        sum += row[j] * to_float(values[(j * shape.kv_heads + kv_head) * shape.head_dim + d]);
    }
    out[thread] = from_float<T>(sum);
}

}  // namespace

template <typename T>
void v1_three_kernels(const T* q, const T* keys, const T* values, float* scratch, T* out,
                      AttentionShape shape, cudaStream_t stream) {
    if (!has_work(q, keys, values, scratch, out, shape)) return;
    const unsigned score_blocks =
        require_blocks("attention", ceil_div<std::int64_t>(scratch_size(shape), block_size));
    const unsigned out_blocks = require_blocks(
        "attention",
        ceil_div<std::int64_t>(shape.queries * shape.heads * shape.head_dim, block_size));

    scores_kernel<<<score_blocks, block_size, 0, stream>>>(q, keys, scratch, shape);
    check_launch("attention v1_three_kernels, scores");
    softmax::ladder.top().run(scratch, scratch, {shape.heads * shape.queries, shape.positions()},
                              stream);
    scores_times_values_kernel<<<out_blocks, block_size, 0, stream>>>(scratch, values, out, shape);
    check_launch("attention v1_three_kernels, weighted sum");
}

template void v1_three_kernels<float>(const float*, const float*, const float*, float*, float*,
                                      AttentionShape, cudaStream_t);
template void v1_three_kernels<__nv_bfloat16>(const __nv_bfloat16*, const __nv_bfloat16*,
                                              const __nv_bfloat16*, float*, __nv_bfloat16*,
                                              AttentionShape, cudaStream_t);

}  // namespace t2t::flash_attention
