/// Rung 1: three passes, one thread per row.
///
/// Idea      Walk along the row three times: for its maximum, for the sum of the exponentials, and
///           for the results.
/// Changed   The textbook's `exp(x) / sum(exp(x))` has two passes and overflows from x = 89 on;
///           taking the maximum off first changes nothing but that.
/// Expect    The row is read three times and written once: 16 bytes per element instead of 8. Lanes
///           are a row apart: 32 sectors per request. And 8,192 rows are 62 threads for each SM,
///           which wait for one sector of 8 elements after the other: 2.5 ms, where a copy takes
///           0.13.
/// Measured  H200, 8,192 × 8,192: 199 GB/s, 4.8 % of the same run's copy: 2.69 ms. ncu: 32 sectors
///           per request; L1 has 87.5 % of them, so a sector is fetched once for its 8 elements; 809
///           MB come from DRAM, the matrix three times. 32 × 128,256: 35.9 ms, for one warp does it
///           all.
#include "chapters/08_softmax/launch.hpp"
#include "chapters/08_softmax/softmax.cuh"
#include "common/device/check.hpp"

namespace t2t::softmax {
namespace {

__global__ void three_passes_kernel(const float* x,  // [rows, columns]
                                    float* y,        // [rows, columns]
                                    std::int64_t rows, std::int64_t columns) {
    const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += row * columns;
    y += row * columns;

    // fmaxf skips a NaN; the sum will not.
    float maximum = lowest;
    for (std::int64_t i = 0; i < columns; ++i) maximum = fmaxf(maximum, x[i]);
    if (maximum == lowest) maximum = 0;  // nothing but -infinity, and -inf − -inf would be NaN

    float sum = 0;
    for (std::int64_t i = 0; i < columns; ++i) sum += expf(x[i] - maximum);

    // The largest element adds exp(0) = 1, so the sum is 0 only where all elements are -infinity.
    const float scale = sum == 0 ? 0 : 1 / sum;
    for (std::int64_t i = 0; i < columns; ++i) y[i] = expf(x[i] - maximum) * scale;
}

}  // namespace

void v1_three_passes(const Softmax& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("softmax", ceil_div<std::int64_t>(op.rows, rows_per_block));
    three_passes_kernel<<<blocks, rows_per_block, 0, stream>>>(op.x, op.y, op.rows, op.columns);
    check_launch("softmax v1_three_passes");
}

}  // namespace t2t::softmax
