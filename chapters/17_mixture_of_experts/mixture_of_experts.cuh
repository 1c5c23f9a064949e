/// @file
/// A feed-forward layer of which each token uses a part: the ladders of chapter 17.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::mixture_of_experts {

/// Sizes of a choice of experts.
struct RouterShape {
    std::int64_t tokens;   ///< rows
    std::int64_t experts;  ///< experts to choose from
    std::int64_t top_k;    ///< experts for each token, from 1 to `experts`
};

/// For each token the top_k experts with the largest logits, and their shares: the softmax over the
/// chosen logits alone, which sums to 1.
///
/// Experts come in the order of their logits, largest first; of equals the lower number first. A
/// token whose logits hold a NaN gets experts 0 … top_k − 1, and NaN as their shares.
/// (Jiang and others, Mixtral of Experts, 2024, section 2.)
///
/// @param logits  [tokens, experts], row-major
/// @param chosen  [tokens, top_k], overwritten
/// @param shares  [tokens, top_k], overwritten; must not overlap the others
/// @param shape   any sizes; with tokens = 0 nothing happens and the pointers may be null
/// @param stream  where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, top_k that is not from 1 to
///                               `experts`, a null pointer, or a pointer that is not 4-byte aligned
/// @throws t2t::CudaError        the device refused the launch
using Route = void(const float* logits, std::int32_t* chosen, float* shares, RouterShape shape,
                   cudaStream_t stream);

Route v1_route_thread_per_token;

/// The ladder of the router.
inline constexpr Ladder router_ladder{
    "router",
    std::array{
        Rung<Route>{"v1_route_thread_per_token", v1_route_thread_per_token, "a thread a token"},
    }};

/// Sizes of a layer of experts.
struct ExpertsShape {
    std::int64_t tokens;   ///< rows of x and y
    std::int64_t width;    ///< the model's width
    std::int64_t inner;    ///< the width inside one expert
    std::int64_t experts;  ///< experts that the weights hold
    std::int64_t top_k;    ///< experts for each token
};

/// y[t, :] = Σₛ shares[t, s] · expertₑ(x[t, :]) with e = chosen[t, s] and
/// expertₑ(x) = downₑ · (silu(gateₑ · x) ∘ (upₑ · x)): SwiGLU, with weights of its own each.
///
/// Sums are fp32; the inner activation is rounded to T. A token's result does not depend on the other
/// tokens, to the bit. A chosen expert that does not exist makes its token NaN.
///
/// @tparam T      float or __nv_bfloat16: the type of x
/// @tparam Weight float or __nv_bfloat16, and __nv_bfloat16 where T is
/// @param x       [tokens, width], row-major
/// @param chosen  [tokens, top_k]: the numbers of the experts
/// @param shares  [tokens, top_k]: the weight of each one's answer
/// @param gate_up [experts, 2 · inner, width]: for each expert the rows of gate, then those of up
/// @param down    [experts, width, inner]
/// @param hidden  [tokens, top_k, inner], scratch: overwritten
/// @param y       [tokens, width], overwritten; must not overlap the others
/// @param shape   any sizes; with no element of y nothing happens and the pointers may be null
/// @param stream  where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, `chosen` or `shares`
///                               not 4-byte aligned, another pointer not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename T, typename Weight>
using Experts = void(const T* x, const std::int32_t* chosen, const float* shares,
                     const Weight* gate_up, const Weight* down, T* hidden, float* y,
                     ExpertsShape shape, cudaStream_t stream);

template <typename T, typename Weight>
void v1_experts_warp_per_row(const T* x, const std::int32_t* chosen, const float* shares,
                             const Weight* gate_up, const Weight* down, T* hidden, float* y,
                             ExpertsShape shape, cudaStream_t stream);

/// The ladder of the experts: how often an expert's weights are read.
template <typename T, typename Weight>
inline constexpr Ladder experts_ladder{
    "experts",
    std::array{
        Rung<Experts<T, Weight>>{"v1_experts_warp_per_row", v1_experts_warp_per_row<T, Weight>,
                                 "each token reads the rows of its own experts"},
    }};

}  // namespace t2t::mixture_of_experts
