/// Rung 1: a chain of two kernels.
///
/// Idea      A kernel for each operation, as a library offers them: y = silu(gate), then y = y · up. Another
///           function of the gate is another branch of activate(); rung 2 knows silu alone.
/// Expect    Each kernel is as fast as memory, but silu(gate) travels to memory and back: 20 bytes
///           per element, where 12 would do. For one token it is not the bytes, it is a second
///           launch.
/// Measured  H200, 2,048 × 14,336: 1,629 GB/s, 39.5 % of the same run's copy. ncu: the bytes are as
///           counted, but neither kernel is as fast as memory: DRAM is 43 and 65 % busy. A thread
///           asks for 4 or 8 bytes, and executes 65 or 47 instructions. One token: 2.47 µs, 45 % of
///           the copy.
#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/10_fused_kernels/launch.hpp"
#include "common/device/activation.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::fused_kernels {
namespace {

// y = function(gate), rounded to T.
template <typename T>
__global__ void swiglu_chain_kernel(const float* gate_up,  // [rows, 2 · width]
                                    T* y,                  // [rows, width]
                                    std::int64_t rows, std::int64_t width,
                                    ActivationFunction function) {
    const std::int64_t c = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (c >= width) return;
    for (std::int64_t r = blockIdx.y; r < rows; r += gridDim.y) {
        const float gate = gate_up[r * 2 * width + c];
        y[r * width + c] = from_float<T>(activate(function, gate));
    }
}

// y = y · up, rounded to T again.
template <typename T>
__global__ void swiglu_chain_product_kernel(const float* gate_up,  // [rows, 2 · width]
                                            T* y,                  // [rows, width]
                                            std::int64_t rows, std::int64_t width) {
    const std::int64_t c = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (c >= width) return;
    for (std::int64_t r = blockIdx.y; r < rows; r += gridDim.y) {
        const float up = gate_up[r * 2 * width + width + c];
        y[r * width + c] = from_float<T>(to_float(y[r * width + c]) * up);
    }
}

}  // namespace

template <typename T>
void v1_swiglu_chain(const Swiglu<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const dim3 grid = grid_for(op.rows, op.width);
    swiglu_chain_kernel<<<grid, block_size, 0, stream>>>(op.gate_up, op.y, op.rows, op.width,
                                                         op.function);
    check_launch("swiglu v1_swiglu_chain");
    swiglu_chain_product_kernel<<<grid, block_size, 0, stream>>>(op.gate_up, op.y, op.rows,
                                                                 op.width);
    check_launch("swiglu v1_swiglu_chain");
}

template void v1_swiglu_chain(const Swiglu<float>&, cudaStream_t);
template void v1_swiglu_chain(const Swiglu<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::fused_kernels
