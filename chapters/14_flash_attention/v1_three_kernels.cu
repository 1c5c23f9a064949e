/// Rung 1: three kernels.
///
/// Idea      Write the formula down: scores = scale · Q · Kᵀ, a softmax of each row, and the
///           product with V. The first and the last are kernels with one thread for each element;
///           the softmax is whatever serves chapter 08's operation.
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
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/workspace.hpp"
#include "common/lab/run.hpp"

namespace t2t::flash_attention {
namespace {

constexpr int block_size = 256;

template <typename T>
__global__ void scores_kernel(const T* q,          // [tokens, heads, head_dim]
                              CacheView<T> cache,  // keys [page_count, page, kv_heads, head_dim]
                              float* scores,       // [heads, tokens, longest]
                              Batch batch, AttentionShape shape) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t j = thread % batch.longest;
    const std::int64_t i = thread / batch.longest % batch.tokens;
    const std::int64_t head = thread / batch.longest / batch.tokens;
    if (head >= shape.heads) return;
    const std::int64_t position = batch.positions[i];
    const bool is_seen = first_seen(position, shape.window) <= j && j <= position;
    const std::int64_t row = is_seen ? cache_row(batch, cache, batch.owners[i], j) : -1;
    if (row < 0) {
        scores[thread] = -INFINITY;  // the softmax gives it the weight 0
        return;
    }
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    const T* query = q + (i * shape.heads + head) * shape.head_dim;
    const T* key = cache.keys + (row * shape.kv_heads + kv_head) * shape.head_dim;
    float sum = 0;
    for (std::int64_t d = 0; d < shape.head_dim; ++d) sum += to_float(query[d]) * to_float(key[d]);
    scores[thread] = shape.scale * sum;
}

template <typename T>
__global__ void scores_times_values_kernel(const float* weights,  // [heads, tokens, longest]
                                           CacheView<T> cache,    // values, as the keys
                                           T* out,                // [tokens, heads, head_dim]
                                           Batch batch, AttentionShape shape) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t d = thread % shape.head_dim;
    const std::int64_t head = thread / shape.head_dim % shape.heads;
    const std::int64_t i = thread / shape.head_dim / shape.heads;
    if (i >= batch.tokens) return;
    const std::int64_t owner = batch.owners[i];
    const std::int64_t position = batch.positions[i];
    if (position >= batch.longest || cache_row(batch, cache, owner, position) < 0) {
        out[thread] = from_float<T>(NAN);
        return;
    }
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    const float* row_weights = weights + (head * batch.tokens + i) * batch.longest;
    float sum = 0;
    for (std::int64_t j = first_seen(position, shape.window); j <= position;) {
        // Neighbours up to the end of the page lie in neighbouring rows.
        const std::int64_t row = cache_row(batch, cache, owner, j);
        const std::int64_t end = min(position + 1, (j / cache.page + 1) * cache.page);
        if (row < 0) sum = NAN;
        const std::int64_t stride = shape.kv_heads * shape.head_dim;
        const T* value = cache.values + row * stride + kv_head * shape.head_dim + d;
        const std::int64_t seen_end = row < 0 ? j : end;
        for (; j < seen_end; ++j, value += stride) sum += row_weights[j] * to_float(*value);
        j = end;
    }
    out[thread] = from_float<T>(sum);
}

template <typename T>
std::int64_t score_count(const Attention<T>& op) {
    return op.shape.heads * op.batch.tokens * op.batch.longest;
}

template <typename T>
softmax::Softmax softmax_of(const Attention<T>& op, float* scores) {
    return {scores, scores, op.shape.heads * op.batch.tokens, op.batch.longest};
}

}  // namespace

template <typename T>
std::size_t v1_three_kernels_workspace(const Attention<T>& op) {
    return workspace_bytes<float>(score_count(op)) +
           workspace_of(softmax::ladder, softmax_of(op, nullptr));
}

template <typename T>
void v1_three_kernels(const Attention<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    require_extent(
        "attention",
        {{"heads", op.shape.heads}, {"tokens", op.batch.tokens}, {"longest", op.batch.longest}},
        sizeof(float));
    const std::int64_t outputs = op.batch.tokens * op.shape.heads * op.shape.head_dim;
    const unsigned score_blocks =
        require_blocks("attention", ceil_div<std::int64_t>(score_count(op), block_size));
    const unsigned out_blocks =
        require_blocks("attention", ceil_div<std::int64_t>(outputs, block_size));
    Workspace workspace("attention v1_three_kernels", op.workspace);
    float* scores = workspace.take<float>(score_count(op));
    softmax::Softmax softmax = softmax_of(op, scores);
    softmax.workspace = workspace.rest();

    if (score_blocks > 0) {
        scores_kernel<<<score_blocks, block_size, 0, stream>>>(op.q, op.cache, scores, op.batch,
                                                               op.shape);
        check_launch("attention v1_three_kernels, scores");
    }
    run(softmax::ladder, softmax, stream);
    scores_times_values_kernel<<<out_blocks, block_size, 0, stream>>>(scores, op.cache, op.out,
                                                                      op.batch, op.shape);
    check_launch("attention v1_three_kernels, weighted sum");
}

template std::size_t v1_three_kernels_workspace(const Attention<float>&);
template std::size_t v1_three_kernels_workspace(const Attention<__nv_bfloat16>&);
template void v1_three_kernels(const Attention<float>&, cudaStream_t);
template void v1_three_kernels(const Attention<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::flash_attention
