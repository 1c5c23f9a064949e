/// Rung 3: 128-bit vectors.
///
/// Idea      A thread takes four neighbouring elements and reads, adds and writes them as one
///           `float4`.
/// Changed   v1's thread moved 4 bytes per access, this one 16: a quarter of the threads, and a
///           quarter of the load and store instructions. The last n mod 4 elements get a thread
///           each.
/// Expect    The same bytes and sectors, but 32 bytes on their way for each thread instead of 8: 64
///           KB per SM, more than the memory's speed × its latency. A request is now 512 bytes: 16
///           sectors.
/// Measured  H200, n = 2²⁸: 4,393 GB/s, 104 % of the same run's copy, 1.20× v2: as fast as memory
///           is. (Half of a copy's bytes are writes, a third of ours. Reads alone are faster
///           still.)
#include "chapters/01_vector_add/launch.hpp"
#include "chapters/01_vector_add/vector_add.cuh"
#include "common/device/check.hpp"

namespace t2t::vector_add {
namespace {

__global__ void vectorised_kernel(const float* a,  // [n], 16-byte aligned
                                  const float* b,  // [n], 16-byte aligned
                                  float* c,        // [n], 16-byte aligned
                                  std::int64_t n) {
    const std::int64_t vectors = n / 4;
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i < vectors) {
        const float4 x = reinterpret_cast<const float4*>(a)[i];
        const float4 y = reinterpret_cast<const float4*>(b)[i];
        reinterpret_cast<float4*>(c)[i] = {x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w};
    } else if (const std::int64_t tail = 3 * vectors + i; tail < n) {
        // Thread `vectors` takes element 4 · vectors, the first that no vector covers.
        c[tail] = a[tail] + b[tail];
    }
}

}  // namespace

void v3_vectorised(const VectorAdd& op, cudaStream_t stream) {
    if (!op.check()) return;
    const std::int64_t threads = op.n / 4 + op.n % 4;
    const unsigned blocks =
        require_blocks("vector_add", ceil_div<std::int64_t>(threads, block_size));
    vectorised_kernel<<<blocks, block_size, 0, stream>>>(op.a, op.b, op.c, op.n);
    check_launch("vector_add v3_vectorised");
}

}  // namespace t2t::vector_add
