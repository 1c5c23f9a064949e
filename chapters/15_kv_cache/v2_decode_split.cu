/// Rung 2: the positions of a head in parts, one block for each.
///
/// Idea      Cut the positions into parts of 64 and give each part of each head its own block: a
///           softmax over 64 scores with the part's own maximum. A second kernel brings the parts to
///           one maximum and adds them up (flash-decoding: Dao and others, 2023).
/// Changed   v1 had one block for each head, which walked over all positions: 12 blocks for GPT-2,
///           on 132 SMs. Here there are as many more as there are parts. And the lanes of a warp read
///           one key side by side instead of 32 keys a row apart; a warp sum makes the score.
/// Expect    With 515 positions 9 parts work at the same time, and what one part does is short: two
///           rounds of loads. The partial results are 4 · (head_dim + 2) bytes for each part and head,
///           written and read once: 2 % of the keys and values in bf16 that a part reads.
/// Measured  H200, 32 / 8 heads of 128, bf16: 515 positions 28.0 µs, 3.2× v1; 4,096 positions 61.5 µs,
///           273 GB/s, 9.6 % of the same run's copy, 10.5× v1; 32,768 positions 421 µs, 319 GB/s, 12× v1.
///           A tenth of the copy: with 4,096 positions there are 2,048 blocks, and each waits for two
///           rounds of loads, 2 bytes per lane.
#include <cfloat>
#include <cmath>

#include "chapters/15_kv_cache/decode.hpp"
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/warp.cuh"
#include "common/device/workspace.hpp"

namespace t2t::kv_cache {
namespace {

constexpr int block_size = 128;  // threads
constexpr int warps = block_size / warp_size;
// Positions of a part. Parts begin at multiples of it, whatever the sequence's length and the batch: so
// a token's sums are made in the same order everywhere.
constexpr int part_size = 64;

/// What the blocks leave for the joining kernel; parts of a token's head lie side by side.
struct Parts {
    float* sums;    // [tokens, heads, parts, head_dim]: Σ weight · value
    float* maxima;  // [tokens, heads, parts]: the largest score, to which the weights are relative
    float* totals;  // [tokens, heads, parts]: Σ weight
    std::int64_t count;  // parts of the longest sequence
};

template <typename T>
__global__ void __launch_bounds__(block_size)
    decode_split_kernel(const T* __restrict__ q,  // [tokens, heads, head_dim]
                        CacheView<T> cache,       // [page_count, page, kv_heads, head_dim]
                        Parts parts, Batch batch, flash_attention::AttentionShape shape) {
    extern __shared__ float query[];  // [head_dim]
    __shared__ std::int64_t rows[part_size];
    __shared__ float scores[part_size];
    __shared__ float weights[part_size];

    const int head_dim = static_cast<int>(shape.head_dim);
    const std::int64_t head = blockIdx.x;
    const std::int64_t part = blockIdx.y;
    const std::int64_t token = blockIdx.z;
    const std::int64_t position = batch.positions[token];
    const std::int64_t begin =
        max(part * part_size, flash_attention::first_seen(position, shape.window));
    const std::int64_t end = min((part + 1) * part_size, position + 1);
    if (begin >= end) return;  // the whole block: nothing of this part is seen
    const int count = static_cast<int>(end - begin);

    const int thread = static_cast<int>(threadIdx.x);
    const int lane = thread % warp_size;
    const T* head_query = q + (token * shape.heads + head) * head_dim;
    for (int d = thread; d < head_dim; d += block_size) query[d] = to_float(head_query[d]);
    if (thread < part_size) {
        rows[thread] =
            thread < count ? cache_row(batch, cache, batch.owners[token], begin + thread) : 0;
    }
    __syncthreads();

    const std::int64_t width = shape.kv_heads * head_dim;  // from one row to the next
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
#pragma unroll 4
    for (int j = thread / warp_size; j < part_size; j += warps) {
        float sum = 0;
        if (j < count && rows[j] >= 0) {
            const T* key = cache.keys + rows[j] * width + kv_head * head_dim;
            for (int d = lane; d < head_dim; d += warp_size) sum += query[d] * to_float(key[d]);
        }
        sum = warp_sum(sum);
        // A position whose page does not exist makes the token NaN.
        if (lane == 0) scores[j] = j >= count ? -INFINITY : rows[j] < 0 ? NAN : shape.scale * sum;
    }
    __syncthreads();

    // Each warp finds the same maximum and total. Not −∞, which from itself gives NaN.
    static_assert(part_size == 2 * warp_size);
    const float largest = fmaxf(warp_max(fmaxf(scores[lane], scores[lane + warp_size])), -FLT_MAX);
    const float first = expf(scores[lane] - largest);
    const float second = expf(scores[lane + warp_size] - largest);
    const float total = warp_sum(first + second);
    if (thread < warp_size) {
        weights[lane] = first;
        weights[lane + warp_size] = second;
    }
    __syncthreads();

    const std::int64_t at = (token * shape.heads + head) * parts.count + part;
    for (int d = thread; d < head_dim; d += block_size) {
        const T* values = cache.values + kv_head * head_dim + d;
        float sum = 0;
#pragma unroll 8
        for (int j = 0; j < count; ++j) {
            if (rows[j] >= 0) sum += weights[j] * to_float(values[rows[j] * width]);
        }
        parts.sums[at * head_dim + d] = sum;
    }
    if (thread == 0) {
        parts.maxima[at] = largest;
        parts.totals[at] = total;
    }
}

// Joins the parts of one head of one token.
template <typename T>
__global__ void __launch_bounds__(block_size)
    decode_split_join_kernel(Parts parts, CacheView<T> cache,
                             T* __restrict__ out,  // [tokens, heads, head_dim]
                             Batch batch, flash_attention::AttentionShape shape) {
    const std::int64_t head = blockIdx.x;
    const std::int64_t token = blockIdx.y;
    const std::int64_t position = batch.positions[token];
    const bool is_stored = position < parts.count * part_size &&
                           cache_row(batch, cache, batch.owners[token], position) >= 0;
    const std::int64_t begin = flash_attention::first_seen(position, shape.window) / part_size;
    const std::int64_t end = is_stored ? position / part_size + 1 : begin;
    const std::int64_t row = token * shape.heads + head;
    const float* maxima = parts.maxima + row * parts.count;
    const float* totals = parts.totals + row * parts.count;
    const float* sums = parts.sums + row * parts.count * shape.head_dim;

    float largest = -FLT_MAX;
    for (std::int64_t p = begin; p < end; ++p) largest = fmaxf(largest, maxima[p]);
    for (std::int64_t d = threadIdx.x; d < shape.head_dim; d += block_size) {
        float sum = 0;
        float total = 0;
        for (std::int64_t p = begin; p < end; ++p) {
            const float correction = expf(maxima[p] - largest);
            sum += correction * sums[p * shape.head_dim + d];
            total += correction * totals[p];
        }
        out[row * shape.head_dim + d] = from_float<T>(sum / total);  // 0 / 0 outside: NaN
    }
}

template <typename T>
std::int64_t part_count(const Attention<T>& op) {
    return ceil_div<std::int64_t>(op.batch.longest, part_size);
}

}  // namespace

template <typename T>
std::size_t v2_decode_split_workspace(const Attention<T>& op) {
    const std::int64_t parts = op.batch.tokens * op.shape.heads * part_count(op);
    return workspace_bytes<float>(parts * op.shape.head_dim) + 2 * workspace_bytes<float>(parts);
}

template <typename T>
void v2_decode_split(const Attention<T>& op, cudaStream_t stream) {
    if (!check_decode(op)) return;
    const unsigned heads = require_blocks("attention", op.shape.heads);
    const unsigned tokens = require_blocks("attention", op.batch.tokens, max_grid_yz);
    const unsigned part_blocks = require_blocks("attention", part_count(op), max_grid_yz);
    const std::int64_t count = op.batch.tokens * op.shape.heads * part_count(op);
    Workspace workspace("decode_attention v2_decode_split", op.workspace);
    const Parts parts{workspace.take<float>(count * op.shape.head_dim),
                      workspace.take<float>(count), workspace.take<float>(count), part_count(op)};
    const auto shared_bytes = static_cast<std::size_t>(op.shape.head_dim) * sizeof(float);
    if (part_blocks > 0) {
        decode_split_kernel<<<dim3(heads, part_blocks, tokens), block_size, shared_bytes, stream>>>(
            op.q, op.cache, parts, op.batch, op.shape);
        check_launch("decode_attention v2_decode_split");
    }
    decode_split_join_kernel<<<dim3(heads, tokens), block_size, 0, stream>>>(
        parts, op.cache, op.out, op.batch, op.shape);
    check_launch("decode_attention v2_decode_split, join");
}

template std::size_t v2_decode_split_workspace(const Attention<float>&);
template std::size_t v2_decode_split_workspace(const Attention<__nv_bfloat16>&);
template void v2_decode_split(const Attention<float>&, cudaStream_t);
template void v2_decode_split(const Attention<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::kv_cache
