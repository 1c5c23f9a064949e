/// @file
/// Rules of sampling as an input of a check.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/lab/check_rung.hpp"

namespace t2t::tests {

/// A check knows buffers of numbers, so the rules travel as 32-bit words.
inline const sampling::RowRule* rules_input(lab::RungCheck& check,
                                            const std::vector<sampling::RowRule>& rules) {
    static_assert(sizeof(sampling::RowRule) == 4 * sizeof(std::int32_t));
    std::vector<std::int32_t> words;
    for (const sampling::RowRule& rule : rules) {
        words.insert(words.end(), {std::bit_cast<std::int32_t>(rule.temperature),
                                   std::bit_cast<std::int32_t>(rule.top_p), rule.top_k,
                                   std::bit_cast<std::int32_t>(rule.uniform)});
    }
    return reinterpret_cast<const sampling::RowRule*>(check.input("rules", words));
}

}  // namespace t2t::tests
