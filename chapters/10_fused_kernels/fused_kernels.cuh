/// @file
/// Several operations in one kernel: the ladder of chapter 10.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::fused_kernels {

/// Sizes of a gated activation.
struct GateShape {
    std::int64_t rows;   ///< the tokens
    std::int64_t width;  ///< values of one row of y; a row of gate_up holds twice as many
};

/// y[r, c] = silu(gate[r, c]) · up[r, c] with silu(x) = x / (1 + e⁻ˣ), computed in fp32.
/// (Shazeer, GLU Variants Improve Transformer, 2020.)
///
/// @tparam T      float or __nv_bfloat16: the type of y
/// @param gate_up [rows, 2 · width], row-major: in each row first the gates, then the ups, as one
///                matrix product with both weights gives them
/// @param y       [rows, width], row-major, overwritten; must not overlap gate_up
/// @param shape   any sizes; with no element nothing happens and the pointers may be null
/// @param stream  where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
///                               not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using Swiglu = void(const float* gate_up, T* y, GateShape shape, cudaStream_t stream);

template <typename T>
void v1_swiglu_chain(const float* gate_up, T* y, GateShape shape, cudaStream_t stream);
template <typename T>
void v2_swiglu_fused(const float* gate_up, T* y, GateShape shape, cudaStream_t stream);

/// The ladder of SwiGLU: how often the intermediate result travels to memory and back.
template <typename T>
inline constexpr Ladder swiglu_ladder{
    "swiglu",
    std::array{
        Rung<Swiglu<T>>{"v1_swiglu_chain", v1_swiglu_chain<T>, "one kernel for silu, one for ·"},
        Rung<Swiglu<T>>{"v2_swiglu_fused", v2_swiglu_fused<T>, "both in one kernel"},
    }};

}  // namespace t2t::fused_kernels
