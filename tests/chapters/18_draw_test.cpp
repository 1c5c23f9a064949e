#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/sampling.hpp"
#include "tests/chapters/sampling_rules.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Op = sampling::Draw;
using lab::reference::Rule;  // uniform, top_p, top_k
using sampling::RowRule;

using Draw = tests::EveryRung<sampling::draw_ladder>;
T2T_EVERY_RUNG(Draw);

constexpr float just_below_1 = 1 - 0x1p-24F;  // the largest float that a random number can be

// With a temperature, which only says that the row is not greedy: the sums are divided already.
std::vector<RowRule> sampling_rules(const std::vector<Rule>& rules) {
    std::vector<RowRule> result;
    for (const Rule& rule : rules) result.push_back({0.7F, rule.top_p, rule.top_k, rule.uniform});
    return result;
}

lab::Comparison draw(const auto& rung, lab::Extent extent, const std::vector<float>& sums,
                     const std::vector<std::int32_t>& row_tokens, const std::vector<Rule>& rules,
                     const std::vector<double>& expected) {
    lab::RungCheck check("draw", rung.name);
    const float* cumulative = check.input("cumulative", sums);
    const std::int32_t* tokens = check.input("tokens", row_tokens);
    const RowRule* row_rules = tests::rules_input(check, sampling_rules(rules));
    auto* drawn = check.output<std::int32_t>("drawn", {expected, {1, extent.rows}});
    return check.run(rung, {cumulative, tokens, row_rules, drawn, extent.rows, extent.columns});
}

// One row under many rules.
lab::Comparison draw_from(const auto& rung, const std::vector<float>& sums,
                          const std::vector<std::int32_t>& tokens, const std::vector<Rule>& rules,
                          const std::vector<double>& expected) {
    std::vector<float> all_sums;
    std::vector<std::int32_t> all_tokens;
    for (std::size_t row = 0; row < rules.size(); ++row) {
        all_sums.insert(all_sums.end(), sums.begin(), sums.end());
        all_tokens.insert(all_tokens.end(), tokens.begin(), tokens.end());
    }
    const lab::Extent extent{static_cast<std::int64_t>(rules.size()),
                             static_cast<std::int64_t>(sums.size())};
    return draw(rung, extent, all_sums, all_tokens, rules, expected);
}

const std::vector<float> four_sums{0.5F, 0.75F, 0.875F, 1};  // exact in fp32
const std::vector<std::int32_t> four_tokens{7, 3, 9, 1};

TEST_P(Draw, DrawsTheFirstTokenAboveTheRandomNumber) {
    const auto result = draw_from(rung(), four_sums, four_tokens,
                                  {{0, 1, 0},
                                   {0.25F, 1, 0},
                                   {0.5F, 1, 0},
                                   {0.74F, 1, 0},
                                   {0.75F, 1, 0},
                                   {just_below_1, 1, 0}},
                                  {7, 7, 3, 3, 9, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, KeepsNoMoreThanTopK) {
    // Of the first two tokens, the first has 2/3 of the probability.
    const auto result = draw_from(rung(), four_sums, four_tokens,
                                  {{just_below_1, 1, 1},
                                   {0.66F, 1, 2},
                                   {0.67F, 1, 2},
                                   {just_below_1, 1, 2},
                                   {just_below_1, 1, 3},
                                   {just_below_1, 1, 4},
                                   {just_below_1, 1, 5},
                                   {just_below_1, 1, std::numeric_limits<std::int32_t>::max()}},
                                  {7, 7, 3, 3, 9, 1, 1, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, KeepsTheFewestTokensThatReachTopP) {
    const float above = std::nextafter(0.75F, 1.0F);
    const float below = std::nextafter(0.75F, 0.0F);
    const auto result = draw_from(rung(), four_sums, four_tokens,
                                  {{just_below_1, 0.01F, 0},
                                   {just_below_1, 0.5F, 0},
                                   {just_below_1, below, 0},
                                   {just_below_1, 0.75F, 0},
                                   {just_below_1, above, 0},
                                   {just_below_1, 0.875F, 0},
                                   {just_below_1, 0.9F, 0},
                                   {just_below_1, 1, 0}},
                                  {7, 7, 3, 3, 9, 9, 1, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, ObeysTopKAndTopPTogether) {
    const auto result = draw_from(
        rung(), four_sums, four_tokens,
        {{just_below_1, 0.75F, 3}, {just_below_1, 0.9F, 3}, {just_below_1, 0.9F, 1}}, {3, 9, 7});
    EXPECT_TRUE(result.ok()) << result.message();
}

// Sums of rounded probabilities need not arrive at 1. All tokens are kept then, and the draw is
// from what there is.
TEST_P(Draw, KeepsAllWhenTheSumsNeverReachTopP) {
    const std::vector<float> sums{0.6F, 0.9F, 1 - 0x1p-22F};
    const auto result =
        draw_from(rung(), sums, {5, 2, 8},
                  {{0, 1, 0}, {0.7F, 1, 0}, {0.95F, 1, 0}, {just_below_1, 1, 0}}, {5, 2, 8, 8});
    EXPECT_TRUE(result.ok()) << result.message();
}

// And they may pass 1, or stand still at the end, where probabilities are too small to count.
TEST_P(Draw, NeverDrawsATokenWithoutProbability) {
    const std::vector<float> sums{0, 0.6F, 0.6F, 1 + 0x1p-22F, 1 + 0x1p-22F};
    const auto result = draw_from(rung(), sums, {4, 5, 2, 8, 6},
                                  {{0, 1, 0}, {0.6F, 1, 0}, {just_below_1, 1, 0}}, {5, 8, 8});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, DrawsMinusOneWithoutADistribution) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<Rule> rules{{0, 1, 0}, {0.5F, 1, 0}, {0.5F, 0.5F, 0}, {0.5F, 1, 1}};
    for (const std::vector<float>& sums : {std::vector<float>{nan, nan, nan}, {0.5F, 0.7F, nan}}) {
        const auto result = draw_from(rung(), sums, {5, 2, 8}, rules, {-1, -1, -1, -1});
        EXPECT_TRUE(result.ok()) << result.message();
    }
    // Softmax makes a row of zeros of logits that are all −infinity.
    const auto result = draw_from(rung(), {0, 0, 0}, {5, 2, 8}, rules, {-1, -1, -1, -1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, AgreesWithTheReferenceOnEveryShape) {
    for (const lab::Extent& extent : lab::extents(64)) {
        const std::int64_t count = extent.rows * extent.columns;
        lab::Random random(lab::test_seed());
        std::vector<float> sums;
        for (std::int64_t row = 0; row < extent.rows; ++row) {
            std::vector<double> probabilities;
            double total = 0;
            for (std::int64_t i = 0; i < extent.columns; ++i) {
                probabilities.push_back(std::exp(3 * random.normal()));
                total += probabilities.back();
            }
            std::sort(probabilities.begin(), probabilities.end(), std::greater());
            double sum = 0;
            for (const double probability : probabilities) {
                sum += probability / total;
                sums.push_back(static_cast<float>(sum));
            }
        }
        const auto tokens = lab::integers<std::int32_t>(count, 0, 1'000'000, lab::test_seed() + 1);
        std::vector<Rule> rules;
        for (std::int64_t row = 0; row < extent.rows; ++row) {
            const auto uniform = static_cast<float>(random.integer(0, 0xFFFFFF)) * 0x1p-24F;
            const float top_p = row % 3 == 0 ? 1 : static_cast<float>(1 - random.unit() / 2);
            const auto top_k =
                row % 2 == 0 ? 0 : static_cast<std::int32_t>(random.integer(1, extent.columns));
            rules.push_back({uniform, top_p, top_k});
        }
        const auto result = draw(rung(), extent, sums, tokens, rules,
                                 lab::reference::draw(sums, tokens, rules, extent));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// The tokens of 20,000 draws with random numbers, against the probabilities: χ² = Σ (drawn −
// expected)² / expected has mean k and deviation √2k over k + 1 tokens, so that more than k + 6 √2k
// is not chance.
TEST_P(Draw, DrawsTokensAsOftenAsTheirProbabilitySays) {
    constexpr std::int64_t vocabulary = 60;
    constexpr std::int64_t draws = 20'000;
    std::vector<double> probabilities = lab::uniform<double>(vocabulary, -2, 2, lab::test_seed());
    for (double& p : probabilities) p = std::exp(p);
    std::sort(probabilities.begin(), probabilities.end(), std::greater());
    const double total = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    std::vector<float> row;
    double sum = 0;
    for (double& p : probabilities) {
        p /= total;
        sum += p;
        row.push_back(static_cast<float>(sum));
    }

    std::vector<float> sums;
    std::vector<std::int32_t> tokens;
    for (std::int64_t i = 0; i < draws * vocabulary; ++i) {
        const auto place = i % vocabulary;
        sums.push_back(row[place]);
        tokens.push_back(
            static_cast<std::int32_t>(7 * place % vocabulary));  // 7 and 60: a permutation
    }
    const DeviceBuffer<float> sums_device(sums);
    const DeviceBuffer<std::int32_t> tokens_device(tokens);

    struct Case {
        float top_p;
        std::int32_t top_k;
    };
    for (const Case& limits : {Case{1, 0}, {1, 10}, {0.8F, 0}, {0.8F, 10}}) {
        // The tokens kept, by a walk in float64.
        std::int64_t kept = 0;
        double probability = 0;
        while (kept < vocabulary && probability < limits.top_p &&
               (limits.top_k == 0 || kept < limits.top_k)) {
            probability += probabilities[kept++];
        }
        ASSERT_GE(kept, 5);

        lab::Random random(lab::test_seed() + 1);
        std::vector<Rule> rules;
        for (std::int64_t i = 0; i < draws; ++i) {
            const auto uniform = static_cast<float>(random.integer(0, 0xFFFFFF)) * 0x1p-24F;
            rules.push_back({uniform, limits.top_p, limits.top_k});
        }
        const DeviceBuffer<RowRule> rules_device(sampling_rules(rules));
        DeviceBuffer<std::int32_t> drawn_device(static_cast<std::size_t>(draws));
        rung().run({sums_device.data(), tokens_device.data(), rules_device.data(),
                    drawn_device.data(), draws, vocabulary},
                   nullptr);

        std::vector<std::int64_t> drawn(static_cast<std::size_t>(vocabulary), 0);
        for (const std::int32_t token : drawn_device.download()) {
            ASSERT_TRUE(0 <= token && token < vocabulary) << "drew " << token;
            ++drawn[token];
        }
        double chi_square = 0;
        for (std::int64_t place = 0; place < vocabulary; ++place) {
            const auto count = static_cast<double>(drawn[7 * place % vocabulary]);
            if (place >= kept) {
                EXPECT_EQ(count, 0) << "drew a token that top_p or top_k drops, place " << place;
                continue;
            }
            const double expected = static_cast<double>(draws) * probabilities[place] / probability;
            chi_square += (count - expected) * (count - expected) / expected;
        }
        const auto k = static_cast<double>(kept - 1);
        EXPECT_LT(chi_square, k + 6 * std::sqrt(2 * k))
            << "top_p " << limits.top_p << ", top_k " << limits.top_k;
    }
}

TEST_P(Draw, LeavesGreedyRowsAsTheyAre) {
    const std::vector<RowRule> rules{
        {0, 1, 0, 0.6F}, {1, 1, 0, 0.6F}, {-0.0F, 0.5F, 1, 0}, {1, 1, 1, 0.6F}};
    std::vector<float> sums;
    std::vector<std::int32_t> tokens;
    for (std::size_t row = 0; row < rules.size(); ++row) {
        sums.insert(sums.end(), four_sums.begin(), four_sums.end());
        tokens.insert(tokens.end(), four_tokens.begin(), four_tokens.end());
    }
    lab::RungCheck check("draw beside greedy rows,", rung().name);
    const float* cumulative = check.input("cumulative", sums);
    const std::int32_t* row_tokens = check.input("tokens", tokens);
    const RowRule* row_rules = tests::rules_input(check, rules);
    auto* drawn =
        check.in_out<std::int32_t>("drawn", {100, 101, -1, 103}, {{100, 3, -1, 7}, {1, 4}});
    const auto result = check.run(rung(), {cumulative, row_tokens, row_rules, drawn, 4, 4});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Draw, DrawsNothingForNoRows) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .vocabulary = 8}, nullptr));
}

TEST_P(Draw, RefusesBadArguments) {
    lab::GuardedBuffer<float> sums(64);
    lab::GuardedBuffer<std::int32_t> tokens(64), drawn(8);
    DeviceBuffer<RowRule> rules(9);
    const Op good{sums.data(), tokens.data(), rules.data(), drawn.data(), 8, 8};
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("draw: rows is -1", [](Op& op) { op.rows = -1; });
    refuses("draw: vocabulary is -8", [](Op& op) { op.vocabulary = -8; });
    refuses("draw: vocabulary is 0", [](Op& op) { op.vocabulary = 0; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("fewer than 2^31 tokens", [](Op& op) { op.vocabulary = std::int64_t{1} << 31; });
    refuses("draw: cumulative is null", [](Op& op) { op.cumulative = nullptr; });
    refuses("draw: tokens is null", [](Op& op) { op.tokens = nullptr; });
    refuses("draw: rules is null", [](Op& op) { op.rules = nullptr; });
    refuses("draw: drawn is null", [](Op& op) { op.drawn = nullptr; });
    refuses("draw: cumulative is not aligned", [&](Op& op) { op.cumulative = odd(op.cumulative); });
    refuses("draw: tokens is not aligned", [&](Op& op) { op.tokens = odd(op.tokens); });
    refuses("draw: rules is not aligned", [&](Op& op) { op.rules = odd(op.rules); });
    refuses("draw: drawn is not aligned", [&](Op& op) { op.drawn = odd(op.drawn); });
    EXPECT_TRUE(drawn.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
