/// Rung 1: an element for each thread.
///
/// Idea      bf16 is the upper half of a float: sign, the same 8 bits of exponent, 7 of mantissa.
///           The lower half says which of two neighbours is nearer.
/// Changed   Nothing below this rung.
/// Expect    4 bytes in, 2 out: memory is the limit. A warp's store is 64 bytes, 2 sectors, half of
///           what its load is.
/// Measured  H200, n = 2²⁶: 2,211 GB/s, 54 % of the same run's copy. Not memory is the limit: ncu
///           has DRAM 45 % busy. A thread has one load of 4 bytes under way, as in chapter 02's v2.
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::quantization {
namespace {

constexpr int block_size = 256;

__global__ void round_element_kernel(const float* x,    // [n]
                                     __nv_bfloat16* y,  // [n]
                                     std::int64_t n) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i < n) y[i] = from_float<__nv_bfloat16>(x[i]);
}

}  // namespace

void v1_round_element(const RoundToBf16& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("round_to_bf16", ceil_div<std::int64_t>(op.n, block_size));
    round_element_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.y, op.n);
    check_launch("round_to_bf16 v1_round_element");
}

}  // namespace t2t::quantization
