/// Rung 1: a thread a row.
///
/// Idea      Each of the `count` rows is independent, so give each to a thread.
/// Changed   Nothing below this rung. It is the loop over i turned into threads.
/// Expect    In each step the lanes of a warp are a whole row apart: 32 sectors a request, for
///           loads and stores alike. And 8,192 tokens make 8,192 threads: 62 an SM, where 2,048
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
                                             GatherShape shape) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= shape.count) return;
    const std::int64_t id = ids[i];
    const bool known = 0 <= id && id < shape.rows;
    for (std::int64_t j = 0; j < shape.width; ++j) {
        out[i * shape.width + j] = known ? to_float(table[id * shape.width + j]) : no_such_row;
    }
}

}  // namespace

template <typename Element>
void v1_gather_thread_per_row(const Element* table, const std::int32_t* ids, float* out,
                              GatherShape shape, cudaStream_t stream) {
    if (!has_work(table, ids, out, shape)) return;
    const unsigned blocks =
        require_blocks("gather_rows", ceil_div<std::int64_t>(shape.count, block_size));
    gather_thread_per_row_kernel<<<blocks, block_size, 0, stream>>>(table, ids, out, shape);
    check_launch("gather_rows v1_gather_thread_per_row");
}

template void v1_gather_thread_per_row<float>(const float*, const std::int32_t*, float*,
                                              GatherShape, cudaStream_t);
template void v1_gather_thread_per_row<__nv_bfloat16>(const __nv_bfloat16*, const std::int32_t*,
                                                      float*, GatherShape, cudaStream_t);

}  // namespace t2t::memory_access
