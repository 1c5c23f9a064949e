/// Rung 1: LayerNorm, one thread per row.
///
/// Idea      Rows do not know of each other: give each to a thread, which walks along it three
///           times, for the mean, for the variance and for the output.
/// Changed   Against the loop over rows on a CPU: each turn of it has become a thread.
/// Expect    The lanes of a warp are a row apart, 32 sectors per request as in chapter 02's first
///           gather, and 8,192 rows make 8,192 threads: 62 per SM, where 2,048 would fit. A few
///           per cent of a copy.
/// Measured  H200, 8,192 × 768: 87 GB/s, 3.4 % of the same run's copy. ncu: L1 has 7 of 8 sectors,
///           and 27 MB come from DRAM, x once. Blocks of 256 put the threads on 32 of 132 SMs, 8
///           warps each, not 62 threads on every SM.
#include "chapters/09_normalization/launch.hpp"
#include "chapters/09_normalization/normalization.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::normalization {
namespace {

template <typename T>
__global__ void layer_norm_thread_per_row_kernel(const float* x,       // [rows, width]
                                                 const float* weight,  // [width]
                                                 const float* bias,    // [width]
                                                 T* y,                 // [rows, width]
                                                 std::int64_t rows, std::int64_t width,
                                                 float epsilon) {
    const std::int64_t r = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    const float* row = x + r * width;

    float sum = 0;
    for (std::int64_t c = 0; c < width; ++c) sum += row[c];
    const float mean = sum / static_cast<float>(width);

    // Not the mean of x² less the square of the mean: of two large, nearly equal numbers little is
    // left.
    float squares = 0;
    for (std::int64_t c = 0; c < width; ++c) squares += (row[c] - mean) * (row[c] - mean);
    const float scale = rsqrtf(squares / static_cast<float>(width) + epsilon);

    for (std::int64_t c = 0; c < width; ++c) {
        y[r * width + c] = from_float<T>((row[c] - mean) * scale * weight[c] + bias[c]);
    }
}

}  // namespace

template <typename T>
void v1_layer_norm_thread_per_row(const LayerNorm<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("layer_norm", ceil_div<std::int64_t>(op.rows, block_size));
    layer_norm_thread_per_row_kernel<<<blocks, block_size, 0, stream>>>(
        op.x, op.weight, op.bias, op.y, op.rows, op.width, op.epsilon);
    check_launch("layer_norm v1_layer_norm_thread_per_row");
}

template void v1_layer_norm_thread_per_row(const LayerNorm<float>&, cudaStream_t);
template void v1_layer_norm_thread_per_row(const LayerNorm<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::normalization
