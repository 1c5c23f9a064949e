/// Rung 1: the library's tanhf.
///
/// Idea      One thread per element, as in chapter 01, and the formula as it stands in the paper.
/// Changed   Against a loop over i on a CPU: the same five lines, without the loop.
/// Expect    8 bytes move for each element (6 when y is bf16), and about 40 instructions work on
///           them. Memory is still the limit, but no longer by far: 48 µs to 33 for 25 million
///           elements. With 4 bytes per load, 80 % of a copy at best, as in chapter 01.
/// Measured  H200, 8,192 × 3,072: 81.3 µs, 2,478 GB/s, 62 % of the same run's copy; bf16 y: 75.9
///           µs, 1,988 GB/s, 51 %. Not 80 %: chapter 01 has two loads per thread, this rung one, as
///           v2_copy_coalesced of chapter 02, which reaches 63 %. 8 KB per SM are under way, however
///           wide y is. ncu: 46 instructions per warp, issue 46 % busy, DRAM 48 %; the wait is for
///           memory.
#include "chapters/06_instructions/instructions.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::instructions {
namespace {

constexpr int block_size = 256;

template <typename T>
__global__ void gelu_libm_kernel(const float* x,  // [n]
                                 T* y,            // [n]
                                 std::int64_t n) {
    constexpr float scale = 0.7978845608f;  // √(2/π)
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float value = x[i];
    const float cubic = value + 0.044715f * value * value * value;
    y[i] = from_float<T>(0.5f * value * (1.0f + tanhf(scale * cubic)));
}

}  // namespace

template <typename T>
void v1_gelu_libm(const Gelu<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("gelu", ceil_div<std::int64_t>(op.n, block_size));
    gelu_libm_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.y, op.n);
    check_launch("gelu v1_gelu_libm");
}

template void v1_gelu_libm(const Gelu<float>&, cudaStream_t);
template void v1_gelu_libm(const Gelu<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::instructions
