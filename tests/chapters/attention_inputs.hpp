/// @file
/// Queries, keys and values that make attention hard, for chapters 14 and 15 alike.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "common/lab/inputs.hpp"
#include "common/lab/tolerance.hpp"
#include "tests/widened.hpp"

namespace t2t::tests {

/// Queries, and the keys and values of `positions` positions.
///
/// With a scale of 1 / √head_dim the logits have deviation 7: most lie within ±20, some beyond. The
/// values have a mean, so that a softmax whose weights do not add up to 1 shows.
template <typename T>
struct AttentionInputs {
    static constexpr double query_mean = 0.2;       ///< of q
    static constexpr double key_mean = -0.1;        ///< of keys
    static constexpr double deviation = 2.6458;     ///< of both; its square is 7
    static constexpr double largest_logit = 5 * 7;  ///< five deviations

    std::vector<T> q;       ///< [queries, heads, head_dim]
    std::vector<T> keys;    ///< [positions, kv_heads, head_dim]
    std::vector<T> values;  ///< [positions, kv_heads, head_dim]

    /// Draws all of them; the same seed gives the same values.
    AttentionInputs(std::int64_t queries, std::int64_t positions, std::int64_t heads,
                    std::int64_t kv_heads, std::int64_t head_dim, std::uint64_t seed)
        : q(lab::normal<T>(queries * heads * head_dim, query_mean, deviation, 3 * seed)),
          keys(lab::normal<T>(positions * kv_heads * head_dim, key_mean, deviation, 3 * seed + 1)),
          values(lab::normal<T>(positions * kv_heads * head_dim, 1, 2, 3 * seed + 2)) {}
};

/// How far attention in fp32 on AttentionInputs may lie from `expected`.
template <typename T>
lab::Tolerance attention_tolerance(const std::vector<double>& expected, std::int64_t head_dim) {
    constexpr double epsilon = 0x1p-23;
    constexpr double largest_value = 1 + 5 * 2;
    double largest = 0;
    for (const double x : expected) largest = std::max(largest, std::isnan(x) ? 0 : std::abs(x));
    const double score =
        epsilon * std::sqrt(static_cast<double>(head_dim) + 4) * AttentionInputs<T>::largest_logit;
    const double store = std::is_same_v<T, float> ? 0 : 0x1p-8 * largest;
    return lab::Tolerance::relative_to_scale(
        2 * score * largest_value + store,
        std::string("a score errs by ε·√head_dim·(largest logit), so a weight by that part of "
                    "itself, and so does their sum: twice that · (largest value)") +
            (store == 0 ? "" : "; and the result is rounded to bf16, 2⁻⁸ of it"));
}

}  // namespace t2t::tests
