/// Rung 2: one warp per row.
///
/// Idea      The 32 lanes of a warp walk along one row together.
/// Changed   v1 gave a row to a thread. Here `/ warp_size` names the row and `% warp_size` the
///           lane's place in it: neighbouring lanes take neighbouring columns.
/// Expect    4 sectors per request instead of 32, and 32 times the threads. The id is one word that
///           all lanes read: one sector, broadcast. Rows lie anywhere, yet each is 3 to 16 KB in a
///           row: enough.
/// Measured  H200, 8,192 rows of 768: 3,353 GB/s, 92 % of the same run's copy, 22× v1; of 4,096:
///           3,603 GB/s, 89 %, 18× v1.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/warp.cuh"

namespace t2t::memory_access {
namespace {

// __restrict__: `out` overlaps nothing, so the loads of several steps may start before the first
// store.
template <typename Element>
__global__ void gather_warp_per_row_kernel(const Element* __restrict__ table,     // [rows, width]
                                           const std::int32_t* __restrict__ ids,  // [count]
                                           float* __restrict__ out,               // [count, width]
                                           std::int64_t rows, std::int64_t width,
                                           std::int64_t count) {
    const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t i = thread / warp_size;
    const int lane = threadIdx.x % warp_size;
    if (i >= count) return;
    const std::int64_t id = ids[i];
    const bool known = 0 <= id && id < rows;
    for (std::int64_t j = lane; j < width; j += warp_size) {
        out[i * width + j] = known ? to_float(table[id * width + j]) : no_such_row;
    }
}

}  // namespace

template <typename Element>
void v2_gather_warp_per_row(const GatherRows<Element>& op, cudaStream_t stream) {
    if (!op.check()) return;
    constexpr int rows_per_block = block_size / warp_size;
    const unsigned blocks =
        require_blocks("gather_rows", ceil_div<std::int64_t>(op.count, rows_per_block));
    gather_warp_per_row_kernel<<<blocks, block_size, 0, stream>>>(op.table, op.ids, op.out, op.rows,
                                                                  op.width, op.count);
    check_launch("gather_rows v2_gather_warp_per_row");
}

template void v2_gather_warp_per_row(const GatherRows<float>&, cudaStream_t);
template void v2_gather_warp_per_row(const GatherRows<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::memory_access
