/// Rung 2: grid-stride loop.
///
/// Idea      Launch only as many threads as the device holds at once. Each takes an element, then
///           the one a whole grid further on, until the end.
/// Changed   v1 tied the grid to n. Here any grid is right for any n: the `if` has become a `for`,
///           and the lanes of a warp still touch neighbours in every step.
/// Expect    The same sectors and the same 8 bytes on their way for each thread, so about the same
///           speed; a little more, because a million blocks need not be started one after the
///           other.
/// Measured  H200, n = 2²⁸: 3,652 GB/s, 86 % of the same run's copy, 1.06× v1. All threads are
///           there now (ncu: 98 % of the warps), and 16 KB per SM are still too few. With n = 2²⁰,
///           when all threads have at most four elements, it is slower: 0.93× v1.
#include <algorithm>

#include "chapters/01_vector_add/launch.hpp"
#include "chapters/01_vector_add/vector_add.cuh"
#include "common/device/check.hpp"

namespace t2t::vector_add {
namespace {

__global__ void grid_stride_kernel(const float* a,  // [n]
                                   const float* b,  // [n]
                                   float* c,        // [n]
                                   std::int64_t n) {
    const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
    const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    for (std::int64_t i = first; i < n; i += threads) c[i] = a[i] + b[i];
}

// How many blocks the current device runs at the same time.
std::int64_t resident_blocks() {
    int device = 0;
    int multiprocessors = 0;
    int threads = 0;  // that one multiprocessor holds
    T2T_CHECK(cudaGetDevice(&device));
    T2T_CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
    T2T_CHECK(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerMultiProcessor, device));
    return std::int64_t{multiprocessors} * (threads / block_size);
}

}  // namespace

void v2_grid_stride(const VectorAdd& op, cudaStream_t stream) {
    if (!op.check()) return;
    const std::int64_t blocks =
        std::min(ceil_div<std::int64_t>(op.n, block_size), resident_blocks());
    grid_stride_kernel<<<static_cast<unsigned>(blocks), block_size, 0, stream>>>(op.a, op.b, op.c,
                                                                                 op.n);
    check_launch("vector_add v2_grid_stride");
}

}  // namespace t2t::vector_add
