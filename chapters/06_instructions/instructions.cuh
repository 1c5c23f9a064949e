/// @file
/// A function of one number, element by element: the ladder of chapter 06.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::instructions {

/// y[i] = GELU(x[i]) in its tanh form, ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), computed in fp32.
/// (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016; the form of GPT-2.)
///
/// @tparam T     float or __nv_bfloat16: the type of y
/// @param x      [n]
/// @param y      [n], overwritten; with T = float it may be x itself, but must not overlap it in any
///               other way
/// @param n      elements, 0 or more; with n = 0 nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is not
///                               16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T>
using Gelu = void(const float* x, T* y, std::int64_t n, cudaStream_t stream);

template <typename T>
void v1_gelu_libm(const float* x, T* y, std::int64_t n, cudaStream_t stream);

/// The ladder of GELU: what a tanh costs.
template <typename T>
inline constexpr Ladder gelu_ladder{
    "gelu",
    std::array{
        Rung<Gelu<T>>{"v1_gelu_libm", v1_gelu_libm<T>, "the library's tanhf, an element a thread"},
    }};

}  // namespace t2t::instructions
