/// Rung 1: one thread for each element.
///
/// Idea      The loop over i disappears: launch n threads, and let each do one addition.
/// Changed   Nothing below this rung. On a CPU this is `for (i = 0; i < n; ++i) c[i] = a[i] +
///           b[i];`.
/// Expect    12 bytes move for each addition, so memory is the limit: at best the speed of a copy.
///           The 32 lanes of a warp touch 32 neighbouring floats, 128 bytes: 4 sectors of 32 bytes,
///           none wasted.
/// Measured  H200, n = 2²⁸: 3,435 GB/s, 81 % of the same run's copy. No byte is wasted, but too few
///           are asked for at a time: 2,048 threads × 8 bytes are 16 KB per SM, and blocks are so
///           short that on average a quarter of those threads is not there yet (ncu: 74 % of the
///           warps).
#include "chapters/01_vector_add/vector_add.cuh"

#include "chapters/01_vector_add/launch.hpp"
#include "common/device/check.hpp"

namespace t2t::vector_add {
namespace {

__global__ void one_element_kernel(const float* a,  // [n]
                                   const float* b,  // [n]
                                   float* c,        // [n]
                                   std::int64_t n) {
    // 64 bits before the product: past 2³¹ elements a 32-bit index would wrap around.
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i < n) c[i] = a[i] + b[i];  // the last block may reach past the end
}

}  // namespace

void v1_one_element(const VectorAdd& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("vector_add", ceil_div<std::int64_t>(op.n, block_size));
    one_element_kernel<<<blocks, block_size, 0, stream>>>(op.a, op.b, op.c, op.n);
    check_launch("vector_add v1_one_element");
}

}  // namespace t2t::vector_add
