/// Rung 1: sincosf for every pair.
///
/// Idea      A thread takes one pair of one head of one token: elements i and i + head_dim / 2. It
///           works out the angle, its sine and cosine, and turns the pair.
/// Changed   Against a kernel for each: split, rotation and the step from fp32 to the cache's type
///           are one pass over the data, 4 bytes in and 2 out for an element of bf16.
/// Expect    Memory is the limit as long as sincosf is cheap. All heads of a token repeat the same
///           head_dim / 2 angles, so most of the sines are worked out many times over; and an angle
///           beyond 10⁵ takes the slow path of sincosf, which carries π to hundreds of bits.
/// Measured  H200, 4,096 tokens: 1,756 GB/s, 48 % of the same run's copy; 16 tokens: 288 GB/s, 77
///           %. Memory is not the limit. ncu: DRAM is 34 % busy, the schedulers are 84 %. A warp
///           executes 184 instructions where 50 were expected for sincosf; the 64-bit divisions
///           that find a thread's head and token come on top. No angle here is beyond 10⁵.
#include "chapters/13_positions/launch.hpp"
#include "chapters/13_positions/positions.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::positions {
namespace {

template <typename T>
__global__ void rope_sincos_kernel(const float* qkv,  // [tokens, heads + 2 · kv_heads, head_dim]
                                   const std::int32_t* positions,  // [tokens], or null
                                   const float* frequencies,       // [head_dim / 2], or null
                                   T* q,                           // [tokens, heads, head_dim]
                                   T* k,                           // [tokens, kv_heads, head_dim]
                                   T* v,                           // [tokens, kv_heads, head_dim]
                                   std::int64_t tokens, std::int64_t heads, std::int64_t kv_heads,
                                   std::int64_t head_dim) {
    // An odd head, which is only copied, has a last pair without a second element.
    const std::int64_t pairs = ceil_div<std::int64_t>(head_dim, 2);
    const std::int64_t row_heads = heads + 2 * kv_heads;
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t pair = thread % pairs;
    const std::int64_t head = thread / pairs % row_heads;  // of the row: queries, keys, values
    const std::int64_t token = thread / pairs / row_heads;
    if (token >= tokens) return;

    const std::int64_t first_value = heads + kv_heads;
    T* to = head < heads         ? q + (token * heads + head) * head_dim
            : head < first_value ? k + (token * kv_heads + head - heads) * head_dim
                                 : v + (token * kv_heads + head - first_value) * head_dim;
    const float* from = qkv + (token * row_heads + head) * head_dim;

    const bool has_second = pair + pairs < head_dim;
    float first = from[pair];
    float second = has_second ? from[pair + pairs] : 0;
    if (frequencies != nullptr && head < first_value) {
        const float angle = static_cast<float>(positions[token]) * frequencies[pair];
        float sine = 0;
        float cosine = 0;
        sincosf(angle, &sine, &cosine);
        const float turned = first * cosine - second * sine;
        second = second * cosine + first * sine;
        first = turned;
    }
    to[pair] = from_float<T>(first);
    if (has_second) to[pair + pairs] = from_float<T>(second);
}

}  // namespace

template <typename T>
void v1_rope_sincos(const Rope<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const std::int64_t pairs = op.tokens * op.row_heads() * ceil_div<std::int64_t>(op.head_dim, 2);
    const unsigned blocks = require_blocks("rope", ceil_div<std::int64_t>(pairs, block_size));
    rope_sincos_kernel<<<blocks, block_size, 0, stream>>>(op.qkv, op.positions, op.frequencies,
                                                          op.q, op.k, op.v, op.tokens, op.heads,
                                                          op.kv_heads, op.head_dim);
    check_launch("rope v1_rope_sincos");
}

template void v1_rope_sincos(const Rope<float>&, cudaStream_t);
template void v1_rope_sincos(const Rope<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::positions
