/// Rung 4: more loads in flight.
///
/// Idea      A thread asks for four vectors before it waits for the first.
/// Changed   v3's thread had one load under way. Here the loads stand in a loop of their own, before the
///           stores; unrolled, all four are under way at once. A block covers four times as much.
/// Expect    Bytes on their way = bandwidth × latency (Little's law): 4.8 TB/s × 0.7 µs is 3.4 MB, or 25 KB
///           for each of 132 SMs. v3 has at most 2,048 threads × 16 bytes = 32 KB; this rung has four times that.
/// Measured  H200: pending
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"

namespace t2t::memory_access {
namespace {

constexpr int loads = 4;  // float4s of one thread

__global__ void copy_unrolled_kernel(const float* x,  // [n], 16-byte aligned
                                     float* y,        // [n], 16-byte aligned
                                     std::int64_t n) {
    const std::int64_t vectors = n / 4;
    const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x * loads + threadIdx.x;

    float4 values[loads];
#pragma unroll
    for (int k = 0; k < loads; ++k) {
        const std::int64_t i = first + k * blockDim.x;  // a warp's lanes stay neighbours
        if (i < vectors) values[k] = reinterpret_cast<const float4*>(x)[i];
    }
#pragma unroll
    for (int k = 0; k < loads; ++k) {
        const std::int64_t i = first + k * blockDim.x;
        if (i < vectors) {
            reinterpret_cast<float4*>(y)[i] = values[k];
        } else if (const std::int64_t tail = 3 * vectors + i; tail < n) {
            y[tail] = x[tail];
        }
    }
}

}  // namespace

void v4_copy_unrolled(const float* x, float* y, std::int64_t n, cudaStream_t stream) {
    if (!has_work(x, y, n)) return;
    const std::int64_t accesses = n / 4 + n % 4;
    const unsigned blocks =
        require_blocks("copy", ceil_div<std::int64_t>(accesses, loads * block_size));
    copy_unrolled_kernel<<<blocks, block_size, 0, stream>>>(x, y, n);
    check_launch("copy v4_copy_unrolled");
}

}  // namespace t2t::memory_access
