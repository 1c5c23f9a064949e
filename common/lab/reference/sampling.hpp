/// @file
/// What the kernels that draw tokens must compute, as plain loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// y[row, token] = logits[row, token] / temperatures[row].
/// @param logits       [rows, vocabulary]
/// @param temperatures [rows]
/// @param extent       rows and vocabulary
/// @returns            [rows, vocabulary]
/// @throws std::invalid_argument when a length does not fit the extent
std::vector<double> temperature(std::span<const float> logits, std::span<const float> temperatures,
                                Extent extent);

/// Rows in falling order.
struct SortedTokens {
    std::vector<double> values;  ///< [rows, vocabulary], each row's values, largest first
    std::vector<double> tokens;  ///< [rows, vocabulary], the columns that they come from
};

/// Every row in falling order; NaN before all numbers, equal values in the order of their columns.
/// @param values [rows, vocabulary]
/// @param extent rows and vocabulary
/// @throws std::invalid_argument when `values` is not rows · vocabulary long
SortedTokens sort_tokens(std::span<const float> values, Extent extent);

/// What one row may draw from.
struct Rule {
    float uniform;       ///< a random number in [0, 1)
    float top_p;         ///< keep the fewest tokens whose probabilities reach this
    std::int32_t top_k;  ///< keep at most so many; 0 for all
};

/// One token for each row. Kept are the first n: the fewest whose cumulative probability is ≥
/// top_p, at most top_k. Drawn is the first whose cumulative probability is greater than uniform ·
/// the last kept one's, a product rounded to fp32 as in a kernel; −1 where there is none, and in a
/// row that ends in NaN.
/// @param cumulative [rows, vocabulary]
/// @param tokens     [rows, vocabulary]
/// @param rules      [rows]
/// @param extent     rows and vocabulary, which is 1 or more
/// @returns          [rows]
/// @throws std::invalid_argument when a length does not fit the extent, or there are no tokens
std::vector<double> draw(std::span<const float> cumulative, std::span<const std::int32_t> tokens,
                         std::span<const Rule> rules, Extent extent);

/// What the next token is drawn from: the tokens of one row, most probable first.
struct Distribution {
    std::vector<std::int32_t> tokens;  ///< [vocabulary]; of equals the lower token first
    std::vector<double> cumulative;    ///< [vocabulary], the inclusive sums of their probabilities

    /// The probability of the token at `place`.
    double probability(std::size_t place) const;
    /// A top_p in the middle of the last share that it keeps, of `kept` tokens.
    float top_p(std::size_t kept) const;
    /// A random number in the middle of the share of the token at `place`, where `kept` are kept: rounding
    /// to fp32 does not lead to another token.
    float uniform(std::size_t place, std::size_t kept) const;
};

/// The softmax of logits / temperature, in falling order.
/// @param logits      [vocabulary], finite or −∞, and one of them finite
/// @param temperature above 0
/// @throws std::invalid_argument when there is no logit, or the temperature is not above 0
Distribution distribution(std::span<const float> logits, double temperature);

}  // namespace t2t::lab::reference
