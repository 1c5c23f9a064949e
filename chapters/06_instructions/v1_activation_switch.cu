/// Rung 1: one kernel for all functions.
///
/// Idea      The function is an argument of the kernel, and a switch goes to its formula. All threads
///           of a launch take the same branch, so no warp diverges: a switch costs a few
///           instructions, where a kernel for each function would cost none.
/// Expect    As v1_gelu_libm: a thread has one load of 4 bytes under way, which sets the pace, and none of
///           the functions takes more instructions than tanhf does.
/// Measured  CPU device, 64 × 3,072, two busy cores: GELU by erf in 4.5 ms, where v1_gelu_libm takes 6.6 for
///           its tanh. Not yet on a GPU.
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
