/// Rung 1: a block a head.
///
/// Idea      A block takes one query head of one token and walks over its keys in tiles of 128: a
///           thread a key for the scores, a thread a dimension for the weighted sum. An online
///           softmax (Milakov and Gimelshein, 2018) joins the tiles, so no score leaves the block.
/// Changed   Nothing below this rung. Chapter 14's three kernels in one, for a single query.
/// Expect    Each key and value is read once for each query head that uses it, so the bytes are
///           the limit. Three things keep far away from it: the lanes of a warp read keys a whole
///           row apart, the grid has only tokens · heads blocks, and each waits for its tiles one
///           after the other.
/// Measured  H200, 32 / 8 heads of 128, bf16: 4,096 positions 855 µs, 19.6 GB/s, 0.7 % of the same
///           run's copy; 32,768 positions 6.83 ms, 19.7 GB/s, 0.5 %: three times what the count of
///           cache lines predicts. ncu (4,096): the bytes, 17.0 sectors a request and 24 % of the
///           SMs' cycles are as counted, but the warps wait for memory: 24 cycles an instruction.
#include <cfloat>
#include <cmath>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "chapters/15_kv_cache/launch.hpp"
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
__global__ void decode_block_per_head_kernel(const T* q,       // [tokens, heads, head_dim]
                                             const T* keys,    // [sequences, capacity, kv_heads,
                                             const T* values,  //  head_dim]
                                             const std::int32_t* sequences,  // [tokens]
                                             const std::int32_t* positions,  // [tokens]
                                             T* out,  // [tokens, heads, head_dim]
                                             DecodeShape shape) {
    extern __shared__ float head_memory[];
    const int head_dim = static_cast<int>(shape.head_dim);
    float* query = head_memory;           // [head_dim]
    float* sum = head_memory + head_dim;  // [head_dim] weight · value; an element has one thread
    __shared__ float scores[block_size];
    __shared__ float weights[block_size];

    const std::int64_t head = blockIdx.x;
    const std::int64_t token = blockIdx.y;
    const int thread = static_cast<int>(threadIdx.x);
    const std::int64_t row = (token * shape.heads + head) * head_dim;  // in q and out
    const std::int64_t sequence = sequences[token];
    const std::int64_t position = positions[token];
    if (sequence < 0 || sequence >= shape.sequences || position < 0 || position >= shape.capacity) {
        for (int d = thread; d < head_dim; d += block_size) out[row + d] = from_float<T>(NAN);
        return;
    }
    for (int d = thread; d < head_dim; d += block_size) {
        query[d] = to_float(q[row + d]);
        sum[d] = 0;
    }
    __syncthreads();

    const std::int64_t width = shape.kv_heads * head_dim;  // from one position to the next
    const std::int64_t kv_head = head / (shape.heads / shape.kv_heads);
    const std::int64_t start = sequence * shape.capacity * width + kv_head * head_dim;
    const bool is_cut = shape.window > 0 && position >= shape.window;
    float largest = -FLT_MAX;  // of all scores so far; not −∞, which from itself gives NaN
    float total = 0;           // of this thread's weights so far
    for (std::int64_t tile = is_cut ? position - shape.window + 1 : 0; tile <= position;
         tile += block_size) {
        const std::int64_t left = position - tile + 1;
        const int count = left < block_size ? static_cast<int>(left) : block_size;
        const T* tile_keys = keys + start + tile * width;
        const T* tile_values = values + start + tile * width;

        scores[thread] = -INFINITY;
        if (thread < count) {
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

        for (int d = thread; d < head_dim; d += block_size) {
            sum[d] = sum[d] * correction + dot(weights, tile_values + d, width, count);
        }
    }

    scores[thread] = total;
    __syncthreads();
    const float total_of_all = sum_of(scores);
    for (int d = thread; d < head_dim; d += block_size) {
        out[row + d] = from_float<T>(sum[d] / total_of_all);
    }
}

}  // namespace

template <typename T>
void v1_decode_block_per_head(const T* q, const T* keys, const T* values,
                              const std::int32_t* sequences, const std::int32_t* positions, T* out,
                              DecodeShape shape, cudaStream_t stream) {
    if (!has_work(q, keys, values, sequences, positions, out, shape)) return;
    const dim3 blocks(require_blocks("decode_attention", shape.heads),
                      require_blocks("decode_attention", shape.tokens, max_grid_yz));
    const auto shared_bytes = static_cast<std::size_t>(2 * shape.head_dim) * sizeof(float);
    decode_block_per_head_kernel<<<blocks, block_size, shared_bytes, stream>>>(
        q, keys, values, sequences, positions, out, shape);
    check_launch("decode_attention v1_decode_block_per_head");
}

template void v1_decode_block_per_head<float>(const float*, const float*, const float*,
                                              const std::int32_t*, const std::int32_t*, float*,
                                              DecodeShape, cudaStream_t);
template void v1_decode_block_per_head<__nv_bfloat16>(const __nv_bfloat16*, const __nv_bfloat16*,
                                                      const __nv_bfloat16*, const std::int32_t*,
                                                      const std::int32_t*, __nv_bfloat16*,
                                                      DecodeShape, cudaStream_t);

}  // namespace t2t::kv_cache
