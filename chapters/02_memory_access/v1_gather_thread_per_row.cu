/// Rung 1: one thread per row.
///
/// Idea      Each of the `count` rows is independent, so give each to a thread.
/// Changed   Against two loops on a CPU: the outer one, over i, is turned into threads.
/// Expect    In each step the lanes of a warp are a whole row apart: 32 sectors per request, for
///           loads and stores alike. And 8,192 tokens make 8,192 threads: 62 per SM, where 2,048
///           would fit.
/// Measured  H200, 8,192 rows of 768: 152 GB/s, 4 % of the same run's copy; of 4,096: 198 GB/s, 5
///           %.
#include "chapters/02_memory_access/launch.hpp"
#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::memory_access {
namespace {

template <typename Element>
__global__ void gather_thread_per_row_kernel(const Element* table,     // [rows, width]
                                             const std::int32_t* ids,  // [count]
                                             float* out,               // [count, width]
                                             std::int64_t rows, std::int64_t width,
                                             std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::int64_t id = ids[i];
    const bool known = 0 <= id && id < rows;
    for (std::int64_t j = 0; j < width; ++j) {
        out[i * width + j] = known ? to_float(table[id * width + j]) : no_such_row;
    }
}

}  // namespace

template <typename Element>
void v1_gather_thread_per_row(const GatherRows<Element>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("gather_rows", ceil_div<std::int64_t>(op.count, block_size));
    gather_thread_per_row_kernel<<<blocks, block_size, 0, stream>>>(op.table, op.ids, op.out,
                                                                    op.rows, op.width, op.count);
    check_launch("gather_rows v1_gather_thread_per_row");
}

template void v1_gather_thread_per_row(const GatherRows<float>&, cudaStream_t);
template void v1_gather_thread_per_row(const GatherRows<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::memory_access
