#include "model/engine/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

#include "common/device/check.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::model {
namespace {

// Logits of up to 10³⁰ divided by it are still numbers in fp32.
constexpr double lowest_temperature = 1e-6;

std::string text_of(double number) {
    std::ostringstream text;
    text << number;
    return text.str();
}

/// The first `count` values at `from`, on the host; waits for the device.
template <typename T>
std::vector<T> get(const T* from, std::size_t count, cudaStream_t stream) {
    std::vector<T> values(count);
    T2T_CHECK(
        cudaMemcpyAsync(values.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    return values;
}

}  // namespace

void check(const SamplingRule& rule) {
    if (!(rule.temperature >= 0) || !std::isfinite(rule.temperature)) {
        throw std::invalid_argument("temperature is " + text_of(rule.temperature) +
                                    "; it must be 0 (greedy) or a number above");
    }
    if (rule.temperature > 0 && rule.temperature < lowest_temperature) {
        throw std::invalid_argument("temperature is " + text_of(rule.temperature) + "; below " +
                                    text_of(lowest_temperature) + " use 0 (greedy)");
    }
    if (!(rule.top_p > 0 && rule.top_p <= 1)) {
        throw std::invalid_argument("top-p is " + text_of(rule.top_p) +
                                    "; it must be above 0 and at most 1");
    }
    if (rule.top_k < 0) {
        throw std::invalid_argument("top-k is " + std::to_string(rule.top_k) +
                                    "; it must be 0 (all tokens) or more");
    }
}

float uniform_of(std::uint64_t seed, std::int64_t step) {
    // A generator of its own for each step, seeded by another one: no state to carry, so it does not
    // matter when, or beside which others, a sequence is worked on.
    lab::Random mixer(seed);
    lab::Random random(mixer.bits() + static_cast<std::uint64_t>(step));
    return static_cast<float>(random.bits() >> 40) * 0x1p-24f;  // 24 bits: never rounds up to 1
}

sampling::RowRule row_rule(const SamplingRule& rule, std::int64_t step, std::int64_t vocabulary) {
    return {.temperature = static_cast<float>(rule.temperature),
            .top_p = static_cast<float>(rule.top_p),
            .top_k = static_cast<std::int32_t>(std::min(rule.top_k, vocabulary)),
            .uniform = uniform_of(rule.seed, step)};
}

void require_token(std::int32_t token, std::int64_t step) {
    if (token >= 0) return;
    throw std::runtime_error("the model's logits are not numbers (NaN) after " +
                             std::to_string(step) +
                             " new tokens; its weights are damaged, or too large for this --dtype");
}

Sampler::Sampler(Ops& ops, std::int64_t rows, std::int64_t vocabulary)
    : ops_(ops),
      rules_(static_cast<std::size_t>(rows)),
      rules_host_(static_cast<std::size_t>(rows)),
      chosen_(static_cast<std::size_t>(rows)) {
    ops_.reserve_workspace(ops_.workspace_for([&] {
        ops_.sample({nullptr, DType::fp32, rows, vocabulary}, nullptr, /*all_greedy=*/false,
                    nullptr);
    }));
}

void Sampler::upload(std::span<const SamplingRule> rules, std::span<const std::int64_t> steps,
                     std::int64_t vocabulary) {
    for (std::size_t row = 0; row < rules.size(); ++row) {
        rules_host_.data()[row] = row_rule(rules[row], steps[row], vocabulary);
    }
    T2T_CHECK(cudaMemcpyAsync(rules_.data(), rules_host_.data(),
                              rules.size() * sizeof(sampling::RowRule), cudaMemcpyHostToDevice,
                              ops_.stream()));
}

std::vector<std::int32_t> Sampler::sample(Tensor logits, std::span<const SamplingRule> rules,
                                          std::span<const std::int64_t> steps) {
    upload(rules, steps, logits.columns);
    ops_.sample(logits, rules_.data(), std::ranges::all_of(rules, &SamplingRule::greedy),
                chosen_.data());
    const std::vector<std::int32_t> tokens =
        get(chosen_.data(), static_cast<std::size_t>(logits.rows), ops_.stream());
    for (std::size_t row = 0; row < tokens.size(); ++row) require_token(tokens[row], steps[row]);
    return tokens;
}

std::vector<Candidate> Sampler::best(Tensor logits, const SamplingRule& rule, std::int64_t count) {
    if (order_.size() == 0) {
        probabilities_ = OwnedTensor(DType::fp32, 1, logits.columns);
        sorted_ = OwnedTensor(DType::fp32, 1, logits.columns);
        order_ = DeviceBuffer<std::int32_t>(static_cast<std::size_t>(logits.columns));
    }
    const std::int64_t step = 0;  // nothing is drawn
    upload({&rule, 1}, {&step, 1}, logits.columns);
    ops_.temperature(logits, rules_.data(), probabilities_);
    ops_.softmax(probabilities_, probabilities_);
    ops_.sort_tokens(probabilities_, sorted_, order_.data());

    const auto kept = static_cast<std::size_t>(std::min(count, logits.columns));
    const auto order = get(order_.data(), kept, ops_.stream());
    const auto probabilities = get(sorted_->as<float>(), kept, ops_.stream());
    const auto all_logits =
        get(logits.as<float>(), static_cast<std::size_t>(logits.columns), ops_.stream());

    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < kept; ++i) {
        candidates.push_back(
            {order[i], all_logits[static_cast<std::size_t>(order[i])], probabilities[i]});
    }
    return candidates;
}

}  // namespace t2t::model
