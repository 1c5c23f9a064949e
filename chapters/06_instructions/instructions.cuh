/// @file
/// A function of one number, element by element: the ladders of chapter 06.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/activation.hpp"
#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::instructions {

/// y[i] = GELU(x[i]) in its tanh form, ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), computed in fp32.
/// (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016; the form of GPT-2.)
///
/// @tparam T float or __nv_bfloat16: the type of y
template <typename T>
struct Gelu {
    const float* x = nullptr;  ///< [n]
    /// [n], overwritten; with T = float it may be x itself, but must not overlap it in any other way
    T* y = nullptr;
    std::int64_t n = 0;  ///< elements; with n = 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is not
    ///                               16-byte aligned
    bool check() const {
        require_extent("gelu", {{"n", n}}, sizeof(float));
        if (n == 0) return false;
        require_pointer("gelu", "x", x, sizeof(float4));
        require_pointer("gelu", "y", y, sizeof(float4));
        return true;
    }
    /// x is read, y is written. No operations: how many a tanh takes is the rung's business.
    Work work() const { return {static_cast<double>(n) * (sizeof(float) + sizeof(T)), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

template <typename T>
void v1_gelu_libm(const Gelu<T>& op, cudaStream_t stream);

/// The ladder of GELU: what a tanh costs. Every launcher throws what check() throws, and t2t::CudaError
/// when the device refuses the launch.
template <typename T>
inline constexpr Ladder gelu_ladder{
    "gelu",
    std::array{
        Rung<Gelu<T>>{"v1_gelu_libm", v1_gelu_libm<T>,
                      "the library's tanhf, one thread per element"},
    },
    type_text<T>};

/// y[i] = function(x[i]), computed in fp32: whatever function a model's feed-forward layers have.
///
/// @tparam T float or __nv_bfloat16: the type of y
template <typename T>
struct Activate {
    const float* x = nullptr;  ///< [n]
    /// [n], overwritten; with T = float it may be x itself, but must not overlap it in any other way
    T* y = nullptr;
    std::int64_t n = 0;  ///< elements; with n = 0 nothing happens and the pointers may be null
    ActivationFunction function = ActivationFunction::gelu_erf;  ///< which one
    std::span<std::byte> workspace = {};                         ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is not
    ///                               16-byte aligned
    bool check() const {
        require_extent("activation", {{"n", n}}, sizeof(float));
        if (n == 0) return false;
        require_pointer("activation", "x", x, sizeof(float4));
        require_pointer("activation", "y", y, sizeof(float4));
        return true;
    }
    /// x is read, y is written. No operations: how many a function takes is the rung's business.
    Work work() const { return {static_cast<double>(n) * (sizeof(float) + sizeof(T)), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

template <typename T>
void v1_activation_switch(const Activate<T>& op, cudaStream_t stream);

/// The ladder of every other activation. Every launcher throws what check() throws, and t2t::CudaError
/// when the device refuses the launch.
template <typename T>
inline constexpr Ladder activation_ladder{
    "activation",
    std::array{
        Rung<Activate<T>>{
            "v1_activation_switch", v1_activation_switch<T>,
            "one kernel for all functions, which looks at each element which one it is"},
    },
    type_text<T>};

}  // namespace t2t::instructions
