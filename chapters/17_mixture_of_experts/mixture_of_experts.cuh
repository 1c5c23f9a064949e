/// @file
/// A feed-forward layer of which each token uses a part: the ladders of chapter 17.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/activation.hpp"
#include "common/device/arguments.hpp"
#include "common/device/workspace.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::mixture_of_experts {

/// For each token the top_k experts with the largest logits, and their shares: the softmax over the
/// chosen logits alone, which sums to 1.
///
/// Experts come in the order of their logits, largest first; of equals the lower number first. A
/// token whose logits hold a NaN gets experts 0 … top_k − 1, and NaN as their shares.
/// (Jiang and others, Mixtral of Experts, 2024, section 2.)
struct Route {
    const float* logits = nullptr;   ///< [tokens, experts], row-major
    std::int32_t* chosen = nullptr;  ///< [tokens, top_k], overwritten
    float* shares = nullptr;         ///< [tokens, top_k], overwritten; must not overlap the others
    std::int64_t tokens = 0;   ///< rows; with none nothing happens and the pointers may be null
    std::int64_t experts = 0;  ///< experts to choose from
    std::int64_t top_k = 0;    ///< experts for each token, from 1 to `experts`
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, top_k that is not from 1 to `experts`, a
    ///                               null pointer, or a pointer that is not 4-byte aligned
    bool check() const {
        require_extent("router", {{"tokens", tokens}, {"experts", experts}}, sizeof(float));
        if (top_k < 1 || top_k > experts) {
            throw std::invalid_argument("router: top_k is " + std::to_string(top_k) +
                                        "; choose from 1 to all " + std::to_string(experts) +
                                        " experts");
        }
        if (tokens == 0) return false;
        require_pointer("router", "logits", logits, sizeof(float));
        require_pointer("router", "chosen", chosen, sizeof(std::int32_t));
        require_pointer("router", "shares", shares, sizeof(float));
        return true;
    }
    /// The logits are read, a number and a share written for each chosen expert.
    Work work() const {
        const auto rows = static_cast<double>(tokens);
        return {4 * rows * static_cast<double>(experts) + 8 * rows * static_cast<double>(top_k), 0};
    }
    /// Tokens, experts and top_k, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {tokens, experts, top_k}; }
};

void v1_route_thread_per_token(const Route& op, cudaStream_t stream);

/// The ladder of the router. Every launcher throws what check() throws, and t2t::CudaError when the device
/// refuses the launch.
inline constexpr Ladder router_ladder{
    "router", std::array{
                  Rung<Route>{"v1_route_thread_per_token", v1_route_thread_per_token,
                              "one thread for each token"},
              }};

/// y[t, :] = Σₛ shares[t, s] · expertₑ(x[t, :]) with e = chosen[t, s] and
/// expertₑ(x) = downₑ · (silu(gateₑ · x) ∘ (upₑ · x)): SwiGLU, with weights of its own each. Another function
/// may stand in silu's place.
///
/// Sums are fp32; the inner activation is rounded to X. A token's result does not depend on the other
/// tokens, to the bit. A chosen expert that does not exist makes its token NaN.
///
/// @tparam X float or __nv_bfloat16: the type of x
/// @tparam W float or __nv_bfloat16, and __nv_bfloat16 where X is
template <typename X, typename W>
struct Experts {
    const X* x = nullptr;                  ///< [tokens, width], row-major
    const std::int32_t* chosen = nullptr;  ///< [tokens, top_k]: the numbers of the experts
    const float* shares = nullptr;         ///< [tokens, top_k]: the weight of each one's answer
    /// [experts, 2 · inner, width]: for each expert the rows of gate, then those of up
    const W* gate_up = nullptr;
    const W* down = nullptr;  ///< [experts, width, inner]
    float* y = nullptr;       ///< [tokens, width], overwritten; must not overlap the others
    /// Rows of x and y. With no element of y nothing happens and the pointers may be null; neither do
    /// pointers to other arrays without elements matter.
    std::int64_t tokens = 0;
    std::int64_t width = 0;                                  ///< the model's width
    std::int64_t inner = 0;                                  ///< the width inside one expert
    std::int64_t experts = 0;                                ///< experts that the weights hold
    std::int64_t top_k = 0;                                  ///< experts for each token
    std::span<std::byte> workspace = {};                     ///< as the rung asks for
    ActivationFunction function = ActivationFunction::silu;  ///< of the gates

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, `chosen` or `shares` not
    ///                               4-byte aligned, another pointer not 16-byte aligned
    bool check() const {
        constexpr int alignment = 16;  // bytes
        require_extent("experts", {{"tokens", tokens}, {"width", width}}, sizeof(float));
        require_extent("experts", {{"tokens", tokens}, {"top_k", top_k}, {"inner", inner}},
                       sizeof(X));
        require_extent("experts", {{"tokens", tokens}, {"top_k", top_k}}, sizeof(float));
        require_extent("experts", {{"experts", experts}, {"inner", inner}, {"width", width}},
                       2 * sizeof(W));
        if (tokens == 0 || width == 0) return false;
        require_pointer("experts", "x", x, alignment);
        require_pointer("experts", "y", y, alignment);
        if (top_k > 0) {
            require_pointer("experts", "chosen", chosen, sizeof(std::int32_t));
            require_pointer("experts", "shares", shares, sizeof(float));
        }
        if (experts > 0 && inner > 0) {
            require_pointer("experts", "gate_up", gate_up, alignment);
            require_pointer("experts", "down", down, alignment);
        }
        return true;
    }
    /// x is read, y written, and so are the weights of the experts that someone chose, as many as there can
    /// be: at most all of them. Two operations for each weight of each token's experts.
    Work work() const {
        const auto elements = static_cast<double>(tokens) * static_cast<double>(width);
        const auto slots = static_cast<double>(tokens) * static_cast<double>(top_k);
        const double expert = 3 * static_cast<double>(width) * static_cast<double>(inner);
        const double read = std::min(slots, static_cast<double>(experts));
        return {static_cast<double>(sizeof(X) + sizeof(float)) * elements +
                    read * expert * static_cast<double>(sizeof(W)),
                2 * slots * expert};
    }
    /// Tokens, top_k, inner and width, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {tokens, top_k, inner, width}; }
};

template <typename X, typename W>
void v1_experts_warp_per_row(const Experts<X, W>& op, cudaStream_t stream);

/// The ladder of the experts: how often an expert's weights are read. Every launcher throws what check()
/// throws, and t2t::CudaError when the device refuses the launch.
template <typename X, typename W>
inline constexpr Ladder experts_ladder{
    "experts",
    std::array{
        Rung<Experts<X, W>>{.name = "v1_experts_warp_per_row",
                            .run = v1_experts_warp_per_row<X, W>,
                            .idea = "each token reads the rows of its own experts",
                            // The inner activations, [tokens, top_k, inner].
                            .workspace =
                                [](const Experts<X, W>& op) {
                                    return workspace_bytes<X>(op.tokens * op.top_k * op.inner);
                                }},
    },
    type_pair_text<X, W>};

}  // namespace t2t::mixture_of_experts
