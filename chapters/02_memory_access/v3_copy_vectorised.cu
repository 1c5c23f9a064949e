/// Rung 3: 128-bit vectors.
///
/// Idea      A lane moves four neighbours at once, as one `float4`.
/// Changed   v2 moved 4 bytes per access, this rung 16. The last n mod 4 elements get a thread each.
/// Expect    A request grows to 512 bytes: 16 sectors, all used. The bytes are the same; the
///           instructions are a quarter, and each thread has 16 bytes in flight instead of 4.
/// Measured  H200, n = 2²⁸: 4,262 GB/s, 100.4 % of the same run's copy, 1.59× v2: the top. Two,
///           four and eight vectors per thread were tried in another run: 98, 97 and 97 %. 32 KB per
///           SM on their way are enough.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"

namespace t2t::memory_access {
namespace {

__global__ void copy_vectorised_kernel(const float* x,  // [n], 16-byte aligned
                                       float* y,        // [n], 16-byte aligned
                                       std::int64_t n) {
    const std::int64_t vectors = n / 4;
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i < vectors) {
        reinterpret_cast<float4*>(y)[i] = reinterpret_cast<const float4*>(x)[i];
    } else if (const std::int64_t tail = 3 * vectors + i; tail < n) {
        // Thread `vectors` takes element 4 · vectors, the first that no vector covers.
        y[tail] = x[tail];
    }
}

}  // namespace

void v3_copy_vectorised(const Copy& op, cudaStream_t stream) {
    if (!op.check()) return;
    const std::int64_t threads = op.n / 4 + op.n % 4;
    const unsigned blocks = require_blocks("copy", ceil_div<std::int64_t>(threads, block_size));
    copy_vectorised_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.y, op.n);
    check_launch("copy v3_copy_vectorised");
}

}  // namespace t2t::memory_access
