/// @file
/// Weights in fewer bits, read once per token: the ladders of chapter 16, and which of the three ladders of a
/// linear layer serves it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "chapters/05_matmul/matmul.cuh"
#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"
#include "common/lab/run.hpp"

namespace t2t::quantization {

using matmul::Linear;

template <typename X, typename W>
void v1_gemv_thread_per_row(const Linear<X, W>& op, cudaStream_t stream);
template <typename X, typename W>
void v2_gemv_warp_per_row(const Linear<X, W>& op, cudaStream_t stream);

/// The ladder of the GEMV, a linear layer on a handful of tokens: how the weights, each read once, come in.
/// On the CPU device v1 is faster: a shuffle costs more there than a strided walk. Every launcher throws
/// what check() throws, and t2t::CudaError when the device refuses the launch.
template <typename X, typename W>
inline constexpr Ladder gemv_ladder{
    "gemv",
    std::array{
        Rung<Linear<X, W>>{"v1_gemv_thread_per_row", v1_gemv_thread_per_row<X, W>,
                           "one thread for each row of w"},
        Rung<Linear<X, W>>{"v2_gemv_warp_per_row", v2_gemv_warp_per_row<X, W>,
                           "one warp for each row of w, neighbours side by side"},
    },
    type_pair_text<X, W>, /*on_cpu_device=*/"v1_gemv_thread_per_row"};

/// Calls `use` with the ladder that serves `op`: chapter 16's where every row is a sequence's only token,
/// else chapter 11's for bf16 and chapter 05's for fp32.
template <typename X, typename W, typename Use>
auto with_linear_ladder(const Linear<X, W>& op, Use use) {
    if (op.single_tokens) return use(gemv_ladder<X, W>);
    if constexpr (std::is_same_v<X, float>) {
        return use(matmul::ladder<W>);
    } else {
        return use(tensor_cores::ladder);
    }
}

/// Queues a linear layer, by the ladder that serves it; as run().
template <typename X, typename W>
void run_linear(const Linear<X, W>& op, cudaStream_t stream) {
    with_linear_ladder(op, [&](const auto& ladder) { run(ladder, op, stream); });
}

/// Bytes of workspace that run_linear() needs for `op`.
template <typename X, typename W>
std::size_t linear_workspace(const Linear<X, W>& op) {
    return with_linear_ladder(op, [&](const auto& ladder) { return workspace_of(ladder, op); });
}

/// y[i] = x[i] rounded to bf16, to nearest with ties to even: half the bytes, 8 bits of mantissa.
struct RoundToBf16 {
    const float* x = nullptr;    ///< [n]
    __nv_bfloat16* y = nullptr;  ///< [n], overwritten; must not overlap x
    std::int64_t n = 0;  ///< elements; with n = 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is not
    ///                               16-byte aligned
    bool check() const {
        require_extent("round_to_bf16", {{"n", n}}, sizeof(float));
        if (n == 0) return false;
        require_pointer("round_to_bf16", "x", x, sizeof(float4));
        require_pointer("round_to_bf16", "y", y, sizeof(float4));
        return true;
    }
    /// A float in, a bf16 out.
    Work work() const { return {6.0 * static_cast<double>(n), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_round_element(const RoundToBf16& op, cudaStream_t stream);

/// The ladder of rounding to bf16. Every launcher throws what check() throws, and t2t::CudaError when the
/// device refuses the launch.
inline constexpr Ladder round_ladder{
    "round_to_bf16",
    std::array{
        Rung<RoundToBf16>{"v1_round_element", v1_round_element, "one thread for each element"},
    }};

}  // namespace t2t::quantization
