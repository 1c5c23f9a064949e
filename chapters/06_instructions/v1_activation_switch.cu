/// Rung 1: one kernel for all functions.
///
/// Idea      The function is an argument of the kernel, and a switch goes to its formula. All threads
///           of a launch take the same branch, so no warp diverges: a switch costs a few
///           instructions, where a kernel for each function would cost none.
/// Expect    As v1_gelu_libm: a thread has one load of 4 bytes in flight, which sets the pace, and none of
///           the functions takes more instructions than tanhf does.
/// Measured  H100, 8,192 × 3,072, GELU by erf: 93.1 µs, 2,162 GB/s, 75.3 % of the same run's copy, where
///           v1_gelu_libm has 77.5 % in the same run: 3 % for the switch and another formula.
#include "chapters/06_instructions/instructions.cuh"
#include "common/device/activation.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::instructions {
namespace {

constexpr int block_size = 256;

template <typename T>
__global__ void activation_switch_kernel(const float* x,  // [n]
                                         T* y,            // [n]
                                         std::int64_t n, ActivationFunction function) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= n) return;
    y[i] = from_float<T>(activate(function, x[i]));
}

}  // namespace

template <typename T>
void v1_activation_switch(const Activate<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks("activation", ceil_div<std::int64_t>(op.n, block_size));
    activation_switch_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.y, op.n, op.function);
    check_launch("activation v1_activation_switch");
}

template void v1_activation_switch(const Activate<float>&, cudaStream_t);
template void v1_activation_switch(const Activate<__nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::instructions
