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

/// The first `count` of `values` to the device.
template <typename T>
void put(const PinnedBuffer<T>& values, std::size_t count, DeviceBuffer<T>& to,
         cudaStream_t stream) {
    T2T_CHECK(cudaMemcpyAsync(to.data(), values.data(), count * sizeof(T), cudaMemcpyHostToDevice,
                              stream));
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

Sampler::Sampler(Ops& ops, std::int64_t rows, std::int64_t vocabulary)
    : ops_(ops),
      probabilities_(DType::fp32, rows, vocabulary),
      sorted_(DType::fp32, rows, vocabulary),
      order_(static_cast<std::size_t>(rows * vocabulary)),
      temperatures_(static_cast<std::size_t>(rows)),
      rules_(static_cast<std::size_t>(rows)),
      temperatures_host_(static_cast<std::size_t>(rows)),
      rules_host_(static_cast<std::size_t>(rows)),
      chosen_(static_cast<std::size_t>(rows)) {}

void Sampler::sort_probabilities(Tensor logits, std::span<const SamplingRule> rules) {
    for (std::size_t row = 0; row < rules.size(); ++row) {
        temperatures_host_.data()[row] =
            rules[row].greedy() ? 1.0f : static_cast<float>(rules[row].temperature);
    }
    put(temperatures_host_, rules.size(), temperatures_, ops_.stream());
    const Tensor probabilities = probabilities_->slice(0, logits.rows);
    ops_.temperature(logits, temperatures_.data(), probabilities);
    ops_.softmax(probabilities, probabilities);
    ops_.sort_tokens(probabilities, sorted_->slice(0, logits.rows), order_.data());
}

std::vector<std::int32_t> Sampler::sample(Tensor logits, std::span<const SamplingRule> rules,
                                          std::span<const std::int64_t> steps) {
    const auto rows = static_cast<std::size_t>(logits.rows);
    std::vector<std::int32_t> tokens(rows);
    if (std::ranges::any_of(rules, &SamplingRule::greedy)) {
        ops_.argmax(logits, chosen_.data());
        tokens = get(chosen_.data(), rows, ops_.stream());
    }
    if (!std::ranges::all_of(rules, &SamplingRule::greedy)) {
        sort_probabilities(logits, rules);
        const Tensor cumulative = probabilities_->slice(0, logits.rows);
        ops_.scan(sorted_->slice(0, logits.rows), cumulative);

        for (std::size_t row = 0; row < rows; ++row) {
            rules_host_.data()[row] = {
                uniform_of(rules[row].seed, steps[row]), static_cast<float>(rules[row].top_p),
                static_cast<std::int32_t>(std::min(rules[row].top_k, logits.columns))};
        }
        put(rules_host_, rows, rules_, ops_.stream());
        ops_.draw(cumulative, order_.data(), rules_.data(), chosen_.data());
        const std::vector<std::int32_t> drawn = get(chosen_.data(), rows, ops_.stream());
        for (std::size_t row = 0; row < rows; ++row) {
            if (!rules[row].greedy()) tokens[row] = drawn[row];
        }
    }
    for (std::size_t row = 0; row < rows; ++row) {
        if (tokens[row] < 0) {
            throw std::runtime_error(
                "the model's logits are not numbers (NaN) after " + std::to_string(steps[row]) +
                " new tokens; its weights are damaged, or too large for this --dtype");
        }
    }
    return tokens;
}

std::vector<Candidate> Sampler::best(Tensor logits, const SamplingRule& rule, std::int64_t count) {
    sort_probabilities(logits, {&rule, 1});
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
