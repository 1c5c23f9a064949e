/// Rung 1: field by field.
///
/// Idea      A thread takes one body and writes each field to that field's array.
/// Changed   Against the loop that one would write on a CPU: one thread for each of its steps.
/// Expect    The four stores are coalesced: 4 sectors each. The four loads are not: lanes are 16
///           bytes apart, so each touches 512 bytes, 16 sectors, and uses a quarter of them. All
///           four loads touch the same 16 sectors, so three of them should find theirs in L1:
///           slower, but not 4 times.
/// Measured  H200, 2²⁶ bodies: 4,139 GB/s, 97.5 % of the same run's copy. L1 gives it all back: ncu
///           finds 73 % of the sectors there, three of four. A warp comes for the other fields at
///           once, and 64 warps × 512 bytes are 32 KB of its 256.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"

namespace t2t::memory_access {
namespace {

__global__ void soa_by_field_kernel(const Body* from,  // [n]
                                    Bodies to,         // four of [n]
                                    std::int64_t n) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= n) return;
    to.x[i] = from[i].x;
    to.y[i] = from[i].y;
    to.z[i] = from[i].z;
    to.mass[i] = from[i].mass;
}

}  // namespace

void v1_soa_by_field(const AosToSoa& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("aos_to_soa", ceil_div<std::int64_t>(op.n, block_size));
    soa_by_field_kernel<<<blocks, block_size, 0, stream>>>(op.from, op.to, op.n);
    check_launch("aos_to_soa v1_soa_by_field");
}

}  // namespace t2t::memory_access
