/// @file
/// From logits to the next token of each sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/buffer.hpp"
#include "model/engine/ops.hpp"
#include "model/engine/sampling_rule.hpp"
#include "model/engine/tensor.hpp"

namespace t2t::model {

/// A token that might come next.
struct Candidate {
    std::int32_t token;  ///< its id
    float logit;         ///< what the model gave it
    float probability;   ///< after the temperature, before top-k and top-p
};

/// What the device needs to choose token number `step` of a sequence.
sampling::RowRule row_rule(const SamplingRule& rule, std::int64_t step, std::int64_t vocabulary);

/// Chooses tokens, a row of logits for each sequence.
class Sampler {
 public:
    /// @param ops        queues the work; must outlive this object
    /// @param rows       the most sequences at a time
    /// @param vocabulary tokens to choose from
    Sampler(Ops& ops, std::int64_t rows, std::int64_t vocabulary);

    /// One token for each row of `logits`. What a row gets depends on its logits, its rule and its
    /// step alone.
    /// @param logits [rows, vocabulary]; left as they are
    /// @param rules  one for each row
    /// @param steps  for each row, how many tokens it has chosen before
    /// @throws std::runtime_error the logits of a row are not numbers (NaN)
    std::vector<std::int32_t> sample(Tensor logits, std::span<const SamplingRule> rules,
                                     std::span<const std::int64_t> steps);

    /// The `count` most probable tokens of one row, best first.
    /// @param logits [1, vocabulary]; left as they are
    std::vector<Candidate> best(Tensor logits, const SamplingRule& rule, std::int64_t count);

 private:
    void upload(std::span<const SamplingRule> rules, std::span<const std::int64_t> steps,
                std::int64_t vocabulary);

    Ops& ops_;
    DeviceBuffer<sampling::RowRule> rules_;       // [rows]
    PinnedBuffer<sampling::RowRule> rules_host_;  // untouched until a result has come back
    DeviceBuffer<std::int32_t> chosen_;           // [rows]
    // Of best(): one row, its order and its tokens; made when they are first asked for.
    OwnedTensor probabilities_, sorted_;
    DeviceBuffer<std::int32_t> order_;
};

/// @throws std::runtime_error unless `token` is one: the logits before it were not numbers
/// @param step how many tokens the sequence has chosen before
void require_token(std::int32_t token, std::int64_t step);

/// The random number in [0, 1) that decides step `step` of a sequence with this seed.
float uniform_of(std::uint64_t seed, std::int64_t step);

}  // namespace t2t::model
