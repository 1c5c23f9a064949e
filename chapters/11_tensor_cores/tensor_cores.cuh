/// @file
/// A linear layer in bf16 on tensor cores: the ladder of chapter 11.
#pragma once

#include <array>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "chapters/05_matmul/matmul.cuh"
#include "common/lab/ladder.hpp"

namespace t2t::tensor_cores {

/// matmul::Linear with both operands in bf16: products of bf16 values are exact, and summed in fp32.
using Bf16Linear = matmul::Linear<__nv_bfloat16, __nv_bfloat16>;

void v1_wmma(const Bf16Linear& op, cudaStream_t stream);

/// The ladder: how the tensor cores are kept fed. bf16 products need compute capability 8.0. Every launcher
/// throws what check() throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder ladder{
    "bf16_matmul",
    std::array{
        Rung<Bf16Linear>{"v1_wmma", v1_wmma, "a warp multiplies 16 × 16 tiles with WMMA", {80}},
    },
    type_pair_text<__nv_bfloat16, __nv_bfloat16>};

}  // namespace t2t::tensor_cores
