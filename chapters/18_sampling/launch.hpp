/// @file
/// What the rungs of chapter 18 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/arguments.hpp"

namespace t2t::sampling {

/// Checks a shape. Tokens are 32-bit numbers, so there are fewer than 2³¹ of them.
inline void require_shape(std::string_view operation, const TokensShape& shape) {
    require_size(operation, "vocabulary", shape.vocabulary);
    require_extent(operation, shape.rows, shape.vocabulary, sizeof(float));
    if (shape.vocabulary > std::numeric_limits<std::int32_t>::max()) {
        throw std::invalid_argument(std::string(operation) + ": vocabulary is " +
                                    std::to_string(shape.vocabulary) +
                                    ", and a token has 32 bits; use fewer than 2^31 tokens");
    }
}

/// Checks the arguments of a temperature. @returns false when there is nothing to do.
inline bool has_work(const float* logits, const float* temperatures, const float* y,
                     const TokensShape& shape) {
    require_shape("temperature", shape);
    if (shape.rows == 0 || shape.vocabulary == 0) return false;
    require_pointer("temperature", "logits", logits, sizeof(float));
    require_pointer("temperature", "temperatures", temperatures, sizeof(float));
    require_pointer("temperature", "y", y, sizeof(float));
    return true;
}

/// Checks the arguments of a sort. @returns false when there is nothing to do.
inline bool has_work(const float* values, const float* sorted, const std::int32_t* tokens,
                     const TokensShape& shape) {
    require_shape("sort_tokens", shape);
    if (shape.rows == 0 || shape.vocabulary == 0) return false;
    require_pointer("sort_tokens", "values", values, sizeof(float));
    require_pointer("sort_tokens", "sorted", sorted, sizeof(float));
    require_pointer("sort_tokens", "tokens", tokens, sizeof(std::int32_t));
    return true;
}

/// Checks the arguments of a draw. @returns false when there is nothing to do.
inline bool has_work(const float* cumulative, const std::int32_t* tokens, const DrawRule* rules,
                     const std::int32_t* drawn, const TokensShape& shape) {
    require_shape("draw", shape);
    if (shape.vocabulary == 0) {
        throw std::invalid_argument("draw: vocabulary is 0; there must be a token to draw");
    }
    if (shape.rows == 0) return false;
    require_pointer("draw", "cumulative", cumulative, sizeof(float));
    require_pointer("draw", "tokens", tokens, sizeof(std::int32_t));
    require_pointer("draw", "rules", rules, alignof(DrawRule));
    require_pointer("draw", "drawn", drawn, sizeof(std::int32_t));
    return true;
}

}  // namespace t2t::sampling
