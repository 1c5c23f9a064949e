/// Rung 1: a chain of two operations, the addition and the norm.
///
/// Idea      x += y is chapter 01's ladder, with x as a and as c; the norm that follows is one of chapter
///           09's. Both are there already: this rung has no kernel, it calls run() twice.
/// Expect    What an element must move is 14 bytes with a bf16 result: x and y read, x and the result
///           written. The chain moves 18: the norm reads x again. For 512 rows of 4,096 that x is 8.4 MB and
///           comes from L2, for one row it is 16 KB; so what a fused kernel saves is the second launch,
///           rather than bytes.
/// Measured  H200, RMSNorm to bf16: 512 rows of 4,096 in 18.0 µs, 1,636 GB/s, 49 % of the same run's
///           copy; one row in 7.8 µs, seven times what a copy of its bytes takes.
#include <algorithm>

#include "chapters/01_vector_add/vector_add.cuh"
#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/10_fused_kernels/norm.hpp"

namespace t2t::fused_kernels {
namespace {

using vector_add::VectorAdd;

// x += y.
template <typename T>
VectorAdd addition(const ResidualNorm<T>& op) {
    return {op.x, op.y, op.x, op.rows * op.width, op.workspace};
}

template <typename T>
LayerNorm<T> norm(const ResidualNorm<T>& op) {
    return {op.x, op.weight, op.bias, op.normed, op.rows, op.width, op.epsilon, op.workspace};
}

}  // namespace

template <typename T>
void v1_residual_norm_chain(const ResidualNorm<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    run(vector_add::ladder, addition(op), stream);
    run_norm(norm(op), stream);
}

template <typename T>
std::size_t v1_residual_norm_chain_workspace(const ResidualNorm<T>& op) {
    // One after the other: both may have the same bytes.
    return std::max(workspace_of(vector_add::ladder, addition(op)), norm_workspace(norm(op)));
}

template void v1_residual_norm_chain(const ResidualNorm<float>&, cudaStream_t);
template void v1_residual_norm_chain(const ResidualNorm<__nv_bfloat16>&, cudaStream_t);
template std::size_t v1_residual_norm_chain_workspace(const ResidualNorm<float>&);
template std::size_t v1_residual_norm_chain_workspace(const ResidualNorm<__nv_bfloat16>&);

}  // namespace t2t::fused_kernels
