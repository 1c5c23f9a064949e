/// Rung 1: an element a thread.
///
/// Idea      Key and value of a token are two rows. A thread copies one element of both to where
///           their sequence and position say.
/// Changed   Nothing below this rung. It is the loop over tokens and elements turned into threads.
/// Expect    The lanes of a warp copy neighbours: 4 sectors a request of floats, 2 of bf16. Only
///           the start of a row is looked up, so the scatter costs nothing; 2-byte accesses leave
///           few bytes under way.
/// Measured  H200, rows of 1,024 bf16: 1 token 1.58 µs, 54 % of the same run's copy; 4,096 tokens
///           35.3 µs, 952 GB/s, 26 %. Few bytes under way, as expected. But the look-up may not be
///           free: k waits for it, and v waits for k, as a store to `keys` could change v for all
///           that the compiler knows.
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "chapters/15_kv_cache/launch.hpp"
#include "common/device/check.hpp"

namespace t2t::kv_cache {
namespace {

constexpr int block_size = 256;  // threads

template <typename T>
__global__ void append_element_kernel(const T* k,                     // [tokens, width]
                                      const T* v,                     // [tokens, width]
                                      const std::int32_t* sequences,  // [tokens]
                                      const std::int32_t* positions,  // [tokens]
                                      T* keys,    // [sequences, capacity, width]
                                      T* values,  // [sequences, capacity, width]
                                      AppendShape shape) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t token = i / shape.width;
    if (token >= shape.tokens) return;
    const std::int64_t sequence = sequences[token];
    const std::int64_t position = positions[token];
    if (sequence < 0 || sequence >= shape.sequences) return;
    if (position < 0 || position >= shape.capacity) return;
    const std::int64_t row = sequence * shape.capacity + position;
    keys[row * shape.width + i % shape.width] = k[i];
    values[row * shape.width + i % shape.width] = v[i];
}

}  // namespace

template <typename T>
void v1_append_element(const T* k, const T* v, const std::int32_t* sequences,
                       const std::int32_t* positions, T* keys, T* values, AppendShape shape,
                       cudaStream_t stream) {
    if (!has_work(k, v, sequences, positions, keys, values, shape)) return;
    const unsigned blocks =
        require_blocks("kv_append", ceil_div<std::int64_t>(shape.tokens * shape.width, block_size));
    append_element_kernel<<<blocks, block_size, 0, stream>>>(k, v, sequences, positions, keys,
                                                             values, shape);
    check_launch("kv_append v1_append_element");
}

template void v1_append_element<float>(const float*, const float*, const std::int32_t*,
                                       const std::int32_t*, float*, float*, AppendShape,
                                       cudaStream_t);
template void v1_append_element<__nv_bfloat16>(const __nv_bfloat16*, const __nv_bfloat16*,
                                               const std::int32_t*, const std::int32_t*,
                                               __nv_bfloat16*, __nv_bfloat16*, AppendShape,
                                               cudaStream_t);

}  // namespace t2t::kv_cache
