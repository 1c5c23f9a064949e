/// Rung 2: the whole structure at once.
///
/// Idea      A body is 16 bytes, exactly one 128-bit load.
/// Changed   v1 read four fields with four loads. The compiler could not join them: `Body` promises
///           4-byte alignment only, and between two loads stands a store that might change the
///           body. Here the program says what the compiler cannot know.
/// Expect    One load for four: 16 sectors, all used, no help from L1 needed. The stores stay as
///           they were.
/// Measured  H200, 2²⁶ bodies: 4,151 GB/s, 97.8 % of the same run's copy, 1.00× v1. ncu: a quarter
///           of the sectors asked of L1, and the same bytes from DRAM. Worth having where L1 is
///           needed for something else.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"

namespace t2t::memory_access {
namespace {

__global__ void soa_by_vector_kernel(const Body* from,  // [n], 16-byte aligned
                                     Bodies to,         // four of [n]
                                     std::int64_t n) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float4 body = reinterpret_cast<const float4*>(from)[i];
    to.x[i] = body.x;
    to.y[i] = body.y;
    to.z[i] = body.z;
    to.mass[i] = body.w;
}

}  // namespace

void v2_soa_by_vector(const AosToSoa& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("aos_to_soa", ceil_div<std::int64_t>(op.n, block_size));
    soa_by_vector_kernel<<<blocks, block_size, 0, stream>>>(op.from, op.to, op.n);
    check_launch("aos_to_soa v2_soa_by_vector");
}

}  // namespace t2t::memory_access
