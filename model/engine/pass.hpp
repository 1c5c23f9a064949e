/// @file
/// One pass through a model, as its layers see it.
#pragma once

#include <cstdint>
#include <vector>

#include "common/lab/batch.hpp"

namespace t2t::model {

/// A batch, and what only the host needs to know of it.
///
/// The first rows are single tokens, each its sequence's only one in this pass; prompts follow. That
/// order is the batch's alone: which kernels work on a row depends on its own sequence, never on the
/// others, so a sequence gets the same numbers, to the bit, in any batch.
struct Pass {
    /// The tokens of one prompt.
    struct Prompt {
        std::int64_t first;  ///< its first row
        std::int64_t count;  ///< its rows
        std::int64_t start;  ///< the position of the first
    };

    Batch batch;                       ///< for kernels
    std::int64_t singles = 0;          ///< rows of single tokens at the front, padding included
    std::vector<Prompt> prompts = {};  ///< the rest
    std::vector<std::int64_t> logits_of = {};  ///< the rows whose logits are wanted

    /// Is it nothing but single tokens?
    bool is_decode() const { return prompts.empty(); }
};

}  // namespace t2t::model
