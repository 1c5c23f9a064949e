/// @file
/// How tokens are chosen.
#pragma once

#include <cstdint>

namespace t2t::model {

/// How a sequence chooses its tokens.
struct SamplingRule {
    double temperature = 0.7;  ///< 0: always the most probable token (greedy)
    double top_p = 0.95;       ///< only the fewest tokens whose probabilities reach this; (0, 1]
    std::int64_t top_k = 0;    ///< only so many of the most probable tokens; 0 for all
    std::uint64_t seed = 1;    ///< the same seed chooses the same tokens

    /// Is it always the most probable token?
    bool greedy() const { return temperature == 0; }
};

/// @throws std::invalid_argument one sentence: temperature below 0, not finite, or so small that logits
///         divided by it overflow; top_p outside (0, 1]; top_k below 0
void check(const SamplingRule& rule);

}  // namespace t2t::model
