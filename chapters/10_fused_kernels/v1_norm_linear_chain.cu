/// Rung 1: a chain of two operations, the norm and the linear layer.
///
/// Idea      One of chapter 09's norms writes the normed rows into the workspace; the ladder that serves the
///           linear layer (chapter 05, 11 or 16) reads them there.
/// Expect    The normed rows are written once, and read at least once: 4 · m · k bytes in bf16. With m = 1
///           and k = 4,096 that is 16 KB beside weights of 50 MB (n = 6,144): nothing, but the norm is one
///           block on one SM, and its launch and its walks come before the first weight is asked for.
///           With m = 512 it is 8.4 MB, which L2 holds, beside 26 GFLOP.
/// Measured  H200, bf16, 6,144 × 4,096: one row in 32.3 µs, 1,562 GB/s, 43 % of the same run's copy.
#include <algorithm>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/10_fused_kernels/norm.hpp"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/workspace.hpp"

namespace t2t::fused_kernels {
namespace {

template <typename X, typename W>
LayerNorm<X> norm(const NormLinear<X, W>& op, X* normed, std::span<std::byte> workspace) {
    return {op.x, op.weight, op.bias, normed, op.linear.m, op.linear.k(), op.epsilon, workspace};
}

}  // namespace

template <typename X, typename W>
void v1_norm_linear_chain(const NormLinear<X, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    Workspace workspace("norm_linear v1_norm_linear_chain", op.workspace);
    X* const normed = workspace.take<X>(op.linear.m * op.linear.k());  // [m, k]
    run_norm(norm(op, normed, workspace.rest()), stream);
    matmul::Linear<X, W> linear = op.linear;
    linear.x = normed;
    linear.workspace = workspace.rest();
    quantization::run_linear(linear, stream);
}

template <typename X, typename W>
std::size_t v1_norm_linear_chain_workspace(const NormLinear<X, W>& op) {
    // The parts run one after the other: both may have the same bytes, behind the normed rows.
    return workspace_bytes<X>(op.linear.m * op.linear.k()) +
           std::max(norm_workspace(norm<X, W>(op, nullptr, {})),
                    quantization::linear_workspace(op.linear));
}

template void v1_norm_linear_chain(const NormLinear<float, float>&, cudaStream_t);
template void v1_norm_linear_chain(const NormLinear<float, __nv_bfloat16>&, cudaStream_t);
template void v1_norm_linear_chain(const NormLinear<__nv_bfloat16, __nv_bfloat16>&, cudaStream_t);
template std::size_t v1_norm_linear_chain_workspace(const NormLinear<float, float>&);
template std::size_t v1_norm_linear_chain_workspace(const NormLinear<float, __nv_bfloat16>&);
template std::size_t v1_norm_linear_chain_workspace(
    const NormLinear<__nv_bfloat16, __nv_bfloat16>&);

}  // namespace t2t::fused_kernels
