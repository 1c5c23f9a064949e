/// Rung 1: a stretch of memory for each thread.
///
/// Idea      Divide the work as one would among CPU threads: each thread copies 32 neighbours in a
///           row.
/// Changed   Against a loop on a CPU: many threads share it, and each alone has perfect locality.
/// Expect    But a warp is 32 threads that load at the same moment. In each step its lanes are 32
///           floats = 128 bytes apart, so one request touches 32 sectors of 32 bytes and uses 4
///           bytes of each: 8 times the traffic, unless a sector is still in L1 when its other 7
///           floats are asked for.
/// Measured  H200, n = 2²⁸: 197 GB/s, 5 % of the same run's copy. ncu: 32 sectors per request as
///           counted, 7 % of them found in L1 (2,048 threads read as many lines of 128 bytes: 256
///           KB, all that L1 has), 8.25 GB read instead of 1.07. DRAM is 24 % busy, L2's
///           look-ups 54 %: nothing that was watched is at its limit.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"

namespace t2t::memory_access {
namespace {

constexpr int floats_per_thread = 32;

__global__ void copy_strided_kernel(const float* x,  // [n]
                                    float* y,        // [n]
                                    std::int64_t n) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t first = thread * floats_per_thread;
    for (std::int64_t i = first; i < first + floats_per_thread && i < n; ++i) y[i] = x[i];
}

}  // namespace

void v1_copy_strided(const Copy& op, cudaStream_t stream) {
    if (!op.check()) return;
    const auto threads = ceil_div<std::int64_t>(op.n, floats_per_thread);
    const unsigned blocks = require_blocks("copy", ceil_div<std::int64_t>(threads, block_size));
    copy_strided_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.y, op.n);
    check_launch("copy v1_copy_strided");
}

}  // namespace t2t::memory_access
