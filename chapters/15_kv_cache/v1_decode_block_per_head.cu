/// Rung 1: one block for each head.
///
/// Idea      A block takes one query head of one token and walks over its keys in tiles of 128:
///           one thread for each key for the scores, one for each dimension for the weighted sum. An online
///           softmax (Milakov and Gimelshein, 2018) joins the tiles, so no score leaves the block.
/// Changed   Chapter 14's three kernels in one, for a single query.
/// Expect    Each key and value is read once for each query head that uses it, so the bytes are
///           the limit. Three things keep far away from it: the lanes of a warp read keys a whole
///           row apart, the grid has only tokens · heads blocks, and each waits for its tiles one
///           after the other.
/// Measured  H200, 32 / 8 heads of 128, bf16: 4,096 positions 645 µs, 26.0 GB/s, 0.9 % of the same
///           run's copy; 32,768 positions 5.13 ms, 26.2 GB/s, 0.7 %: more than twice what the count of
///           cache lines predicts. ncu (4,096): the bytes, 17.0 sectors per request and 24 % of the
///           SMs' cycles are as counted, but the warps wait for memory: 24 cycles per instruction.
#include <cfloat>
#include <cmath>

#include "chapters/15_kv_cache/decode.hpp"
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::kv_cache {
namespace {

constexpr int block_size = 128;  // threads; also the positions of a tile
constexpr int chains = 4;        // a chain of additions waits for each; four take turns

// Σ a[i] · b[i · stride] over `count` products.
template <typename T>
__device__ float dot(const float* a, const T* b, std::int64_t stride, int count) {
    float sums[chains] = {};
    int i = 0;
    for (; i + chains <= count; i += chains) {
        for (int c = 0; c < chains; ++c) sums[c] += a[i + c] * to_float(b[(i + c) * stride]);
    }
    // Not unrolled: nvcc 13 would load the last elements of `a` as one vector, also those past its
    // end. It does not use them, but compute-sanitizer rightly reports the access.
#pragma unroll 1
    for (; i < count; ++i) sums[0] += a[i] * to_float(b[i * stride]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The largest of `start` and a tile's values.
__device__ float largest_of(const float* tile, float start) {
    float largest[chains] = {start, start, start, start};
    for (int i = 0; i < block_size; i += chains) {
        for (int c = 0; c < chains; ++c) {
            largest[c] = tile[i + c] > largest[c] ? tile[i + c] : largest[c];
        }
    }
    return fmaxf(fmaxf(largest[0], largest[1]), fmaxf(largest[2], largest[3]));
}

__device__ float sum_of(const float* tile) {
    float sums[chains] = {};
    for (int i = 0; i < block_size; i += chains) {
        for (int c = 0; c < chains; ++c) sums[c] += tile[i + c];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <typename T>
__global__ void decode_block_per_head_kernel(const T* q,          // [tokens, heads, head_dim]
                                             CacheView<T> cache,  // [page_count, page, kv_heads,
                                                                  //  head_dim], keys and values
                                             T* out,              // [tokens, heads, head_dim]
                                             Batch batch, flash_attention::AttentionShape shape) {
    extern __shared__ float head_memory[];
    const int head_dim = static_cast<int>(shape.head_dim);
    float* query = head_memory;           // [head_dim]
    float* sum = head_memory + head_dim;  // [head_dim] weight · value; an element has one thread
    __shared__ float scores[block_size];
    __shared__ float weights[block_size];

    const std::int64_t head = blockIdx.x;
    const std::int64_t token = blockIdx.y;
    const int thread = static_cast<int>(threadIdx.x);
    const std::int64_t at = (token * shape.heads + head) * head_dim;  // in q and out
    const std::int64_t owner = batch.owners[token];
    const std::int64_t position = batch.positions[token];
    if (cache_row(batch, cache, owner, position) < 0) {
        for (int d = thread; d < head_dim; d += block_size) out[at + d] = from_float<T>(NAN);
        return;
    }
    for (int d = thread; d < head_dim; d += block_size) {
        query[d] = to_float(q[at + d]);
        sum[d] = 0;
    }
    __syncthreads();

    const std::int64_t width = shape.kv_heads * head_dim;  // from one position to the next
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    float largest = -FLT_MAX;  // of all scores so far; not −∞, which from itself gives NaN
    float total = 0;           // of this thread's weights so far
    int count = 0;
    for (std::int64_t tile = flash_attention::first_seen(position, shape.window); tile <= position;
         tile += count) {
        // A tile ends where its page ends: inside it, neighbours lie in neighbouring rows.
        const std::int64_t left = min(position - tile + 1, cache.page - tile % cache.page);
        count = left < block_size ? static_cast<int>(left) : block_size;
        const std::int64_t row = cache_row(batch, cache, owner, tile);
        const std::int64_t start = row * width + kv_head * head_dim;
        const T* tile_keys = cache.keys + start;
        const T* tile_values = cache.values + start;

        scores[thread] = -INFINITY;
        if (row < 0) {
            scores[thread] = NAN;  // a page that does not exist
        } else if (thread < count) {
            scores[thread] = shape.scale * dot(query, tile_keys + thread * width, 1, head_dim);
        }
        __syncthreads();

        // What was summed so far stands relative to the old maximum: bring it to the new one.
        const float before = largest;
        largest = largest_of(scores, before);
        const float correction = expf(before - largest);
        weights[thread] = expf(scores[thread] - largest);
        total = total * correction + weights[thread];
        __syncthreads();

        for (int d = thread; d < head_dim && row >= 0; d += block_size) {
            sum[d] = sum[d] * correction + dot(weights, tile_values + d, width, count);
        }
    }

    scores[thread] = total;
    __syncthreads();
    const float total_of_all = sum_of(scores);
    for (int d = thread; d < head_dim; d += block_size) {
        out[at + d] = from_float<T>(sum[d] / total_of_all);
    }
}

}  // namespace

template <typename T>
void v1_decode_block_per_head(const Attention<T>& op, cudaStream_t stream) {
    if (!check_decode(op)) return;
    const dim3 blocks(require_blocks("attention", op.shape.heads),
                      require_blocks("attention", op.batch.tokens, max_grid_yz));
    const auto shared_bytes = static_cast<std::size_t>(2 * op.shape.head_dim) * sizeof(float);
    decode_block_per_head_kernel<<<blocks, block_size, shared_bytes, stream>>>(
        op.q, op.cache, op.out, op.batch, op.shape);
    check_launch("decode_attention v1_decode_block_per_head");
}

template void v1_decode_block_per_head(const Attention<float>&, cudaStream_t);
template void v1_decode_block_per_head(const Attention<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::kv_cache
