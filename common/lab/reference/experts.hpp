/// @file
/// What a mixture of experts must compute, as plain loops in float64.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/device/activation.hpp"

namespace t2t::lab::reference {

/// The experts of each token, and the weights of their answers.
struct Routing {
    std::vector<double> chosen;  ///< [tokens, top_k], numbers of experts
    std::vector<double> shares;  ///< [tokens, top_k]
};

/// The top_k largest logits of each row, largest first and of equals the first in the row, and the
/// softmax over them alone. A row with a NaN gets experts 0 … top_k − 1 and NaN.
/// @param logits   [tokens, experts]
/// @param experts  length of a row, ≥ 1
/// @param top_k    from 1 to `experts`
/// @throws std::invalid_argument when a size is out of range, or logits are not whole rows
Routing route(std::span<const float> logits, std::int64_t experts, std::int64_t top_k);

/// Sizes of a layer of experts.
struct ExpertsSizes {
    std::int64_t width;                                      ///< the model's width, ≥ 1
    std::int64_t inner;                                      ///< the width inside one expert
    std::int64_t experts;                                    ///< experts that the weights hold
    std::int64_t top_k;                                      ///< experts for each token
    ActivationFunction function = ActivationFunction::silu;  ///< of the gates
};

/// What is inside the chosen experts: silu(gateₑ · x) ∘ (upₑ · x), not rounded.
/// @param x        [tokens, width]
/// @param chosen   [tokens, top_k]; of an expert that does not exist all is NaN
/// @param gate_up  [experts, 2 · inner, width]: for each expert the rows of gate, then those of up
/// @param sizes    how x, chosen and gate_up are cut
/// @returns        [tokens, top_k, inner]
/// @throws std::invalid_argument when a length does not follow from the sizes
std::vector<double> experts_hidden(std::span<const float> x, std::span<const std::int32_t> chosen,
                                   std::span<const float> gate_up, const ExpertsSizes& sizes);

/// y[t, :] = Σₛ shares[t, s] · downₑ · hidden[t, s, :], with e = chosen[t, s] and experts_hidden().
/// @param x        [tokens, width]
/// @param chosen   [tokens, top_k]; one expert that does not exist makes its token NaN
/// @param shares   [tokens, top_k]
/// @param gate_up  [experts, 2 · inner, width]: for each expert the rows of gate, then those of up
/// @param down     [experts, width, inner]
/// @param sizes    how the others are cut
/// @returns        [tokens, width]
/// @throws std::invalid_argument when a length does not follow from the sizes
std::vector<double> experts(std::span<const float> x, std::span<const std::int32_t> chosen,
                            std::span<const float> shares, std::span<const float> gate_up,
                            std::span<const float> down, const ExpertsSizes& sizes);

}  // namespace t2t::lab::reference
