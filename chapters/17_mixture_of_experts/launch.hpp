/// @file
/// What the rungs of chapter 17 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/device/arguments.hpp"

namespace t2t::mixture_of_experts {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;
/// Lanes of a warp.
inline constexpr int warp_size = 32;
/// All lanes of a warp take part.
inline constexpr unsigned full_warp = 0xffffffff;

/// Checks the arguments of a router. @returns false when there is nothing to do.
inline bool has_work(const float* logits, const std::int32_t* chosen, const float* shares,
                     const RouterShape& shape) {
    require_size("router", "tokens", shape.tokens);
    require_size("router", "experts", shape.experts);
    require_extent("router", shape.tokens, shape.experts, sizeof(float));
    if (shape.top_k < 1 || shape.top_k > shape.experts) {
        throw std::invalid_argument("router: top_k is " + std::to_string(shape.top_k) +
                                    "; choose from 1 to all " + std::to_string(shape.experts) +
                                    " experts");
    }
    if (shape.tokens == 0) return false;
    require_pointer("router", "logits", logits, sizeof(float));
    require_pointer("router", "chosen", chosen, sizeof(std::int32_t));
    require_pointer("router", "shares", shares, sizeof(float));
    return true;
}

/// Checks the arguments of a layer of experts. A pointer to an array without elements may be null.
/// @returns false when there is nothing to do.
template <typename T, typename Weight>
bool has_work(const T* x, const std::int32_t* chosen, const float* shares, const Weight* gate_up,
              const Weight* down, const T* hidden, const float* y, const ExpertsShape& shape) {
    require_size("experts", "tokens", shape.tokens);
    require_size("experts", "width", shape.width);
    require_size("experts", "inner", shape.inner);
    require_size("experts", "experts", shape.experts);
    require_size("experts", "top_k", shape.top_k);
    require_extent("experts", shape.tokens, shape.width, sizeof(float));
    require_extent("experts", shape.tokens, shape.top_k, sizeof(float));
    require_extent("experts", shape.tokens * shape.top_k, shape.inner, sizeof(T));
    require_extent("experts", shape.experts, shape.inner, 2 * sizeof(Weight));
    require_extent("experts", shape.experts * shape.inner, shape.width, 2 * sizeof(Weight));
    if (shape.tokens == 0 || shape.width == 0) return false;

    constexpr std::size_t vector = 16;  // bytes
    require_pointer("experts", "x", x, vector);
    require_pointer("experts", "y", y, vector);
    if (shape.top_k > 0) {
        require_pointer("experts", "chosen", chosen, sizeof(std::int32_t));
        require_pointer("experts", "shares", shares, sizeof(float));
    }
    if (shape.top_k > 0 && shape.inner > 0) {
        require_pointer("experts", "hidden", hidden, vector);
    }
    if (shape.experts > 0 && shape.inner > 0) {
        require_pointer("experts", "gate_up", gate_up, vector);
        require_pointer("experts", "down", down, vector);
    }
    return true;
}

}  // namespace t2t::mixture_of_experts
