#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/stream.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/reduction.hpp"
#include "common/lab/reference/sampling.hpp"
#include "tests/chapters/sampling_rules.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Floats = std::vector<float>;
using Ids = std::vector<std::int32_t>;
using Op = sampling::Sample;
using sampling::RowRule;
using Rules = std::vector<RowRule>;

using Sample = tests::EveryRung<sampling::sample_ladder>;
T2T_EVERY_RUNG(Sample);

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr RowRule greedy{.temperature = 0, .top_p = 0.5F, .top_k = 3, .uniform = 0.9F};

lab::Comparison sample(const auto& rung, lab::Extent extent, const Floats& row_logits,
                       const Rules& row_rules, std::vector<double> expected) {
    lab::RungCheck check("sample", rung.name);
    const float* logits = check.input("logits", row_logits);
    const RowRule* rules = tests::rules_input(check, row_rules);
    auto* ids = check.output<std::int32_t>("ids", {std::move(expected), {1, extent.rows}});
    return check.run(rung, {logits, rules, ids, extent.rows, extent.columns});
}

// All rows greedy, and no rules at all.
lab::Comparison sample_greedily(const auto& rung, lab::Extent extent, const Floats& row_logits,
                                std::vector<double> expected) {
    lab::RungCheck check("sample, all greedy,", rung.name);
    const float* logits = check.input("logits", row_logits);
    auto* ids = check.output<std::int32_t>("ids", {std::move(expected), {1, extent.rows}});
    return check.run(rung, {.logits = logits,
                            .ids = ids,
                            .rows = extent.rows,
                            .vocabulary = extent.columns,
                            .all_greedy = true});
}

// The tokens alone, for comparisons of one run with another.
Ids ids_of(const auto& rung, lab::Extent extent, std::span<const float> logits,
           std::span<const RowRule> rules) {
    const DeviceBuffer<float> logits_device(logits);
    const DeviceBuffer<RowRule> rules_device(rules);
    DeviceBuffer<std::int32_t> ids(static_cast<std::size_t>(extent.rows));
    Op op{logits_device.data(), rules_device.data(), ids.data(), extent.rows, extent.columns};
    DeviceBuffer<std::byte> workspace(rung.workspace(op));
    op.workspace = {workspace.data(), workspace.size()};
    rung.run(op, nullptr);
    return ids.download();
}

// Logits of rows in which the likeliest tokens have some percent each.
Floats random_logits(lab::Extent extent, std::uint64_t seed) {
    return lab::normal(extent.rows * extent.columns, 3, 4, seed);
}

std::span<const float> row_of(const Floats& logits, lab::Extent extent, std::int64_t row) {
    return std::span(logits).subspan(static_cast<std::size_t>(row * extent.columns),
                                     static_cast<std::size_t>(extent.columns));
}

// A rule for each row, with limits and a random number in the middle of a token's share, so that
// rounding to fp32 does not lead to another token than float64. Every third row is greedy.
struct Choice {
    Rules rules;
    std::vector<double> ids;  // what they lead to
};

Choice choose(const Floats& logits, lab::Extent extent, std::uint64_t seed) {
    lab::Random random(seed);
    Choice choice;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        const auto row_logits = row_of(logits, extent, row);
        const auto temperature = static_cast<float>(0.5 + random.unit());
        const auto tokens = lab::reference::distribution(row_logits, temperature);
        if (row % 3 == 2) {
            choice.rules.push_back(greedy);
            choice.ids.push_back(tokens.tokens[0]);
            continue;
        }
        const auto count = static_cast<std::int64_t>(tokens.tokens.size());
        std::int64_t likely = 1;  // tokens with a share that rounding cannot miss
        while (likely < count && tokens.probability(static_cast<std::size_t>(likely)) > 1e-3) {
            ++likely;
        }
        std::int64_t kept = random.integer(1, likely);
        RowRule rule{.temperature = temperature,
                     .top_p = tokens.top_p(static_cast<std::size_t>(kept)),
                     .top_k = 0,
                     .uniform = 0};
        if (row % 2 == 0) {
            rule.top_k = static_cast<std::int32_t>(random.integer(1, likely));
            kept = std::min<std::int64_t>(kept, rule.top_k);
        }
        const auto place = static_cast<std::size_t>(random.integer(0, kept - 1));
        rule.uniform = tokens.uniform(place, static_cast<std::size_t>(kept));
        choice.rules.push_back(rule);
        choice.ids.push_back(tokens.tokens[place]);
    }
    return choice;
}

TEST_P(Sample, TakesTheLargestLogitOfGreedyRows) {
    for (const lab::Extent& extent : lab::extents(64)) {
        const auto logits = random_logits(extent, lab::test_seed());
        const auto expected = lab::reference::argmax(logits, extent);
        const auto alone = sample_greedily(rung(), extent, logits, expected);
        EXPECT_TRUE(alone.ok()) << alone.message();
        if (extent.count() > 10'000) continue;  // the chain sorts, and then throws it away
        const Rules rules(static_cast<std::size_t>(extent.rows), greedy);
        const auto result = sample(rung(), extent, logits, rules, expected);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Sample, TakesTheLowestTokenOfEquals) {
    const lab::Extent extent{40, 97};
    const auto logits = lab::integers(extent.rows * extent.columns, -2, 2, lab::test_seed());
    const auto expected = lab::reference::argmax(logits, extent);
    const auto all = sample_greedily(rung(), extent, logits, expected);
    EXPECT_TRUE(all.ok()) << all.message();
    const auto mixed = sample(rung(), extent, logits, Rules(40, greedy), expected);
    EXPECT_TRUE(mixed.ok()) << mixed.message();
    // And where the token is drawn from one: all shares are equal, and top_k keeps the first.
    const Rules first(40, {.temperature = 0.5F, .top_p = 1, .top_k = 1, .uniform = 0.99F});
    const auto drawn = sample(rung(), extent, logits, first, expected);
    EXPECT_TRUE(drawn.ok()) << drawn.message();
}

TEST_P(Sample, DrawsTheTokenThatTheRuleLeadsTo) {
    for (const lab::Extent& extent : lab::extents(64)) {
        if (extent.count() > 10'000) continue;
        const auto logits = random_logits(extent, lab::test_seed() + 1);
        const Choice choice = choose(logits, extent, lab::test_seed() + 2);
        const auto result = sample(rung(), extent, logits, choice.rules, choice.ids);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Sample, DrawsFromAModelsVocabulary) {
    const lab::Extent extent{2, 50'257};  // GPT-2's
    const auto logits = random_logits(extent, lab::test_seed() + 3);
    const Choice choice = choose(logits, extent, lab::test_seed() + 4);
    const auto result = sample(rung(), extent, logits, choice.rules, choice.ids);
    EXPECT_TRUE(result.ok()) << result.message();
}

// NaN: no token. −∞ takes a token out; a row of nothing else has no distribution, but a first token that
// is as good as any. +∞ has no share, and is the largest.
TEST_P(Sample, KnowsWhatIsNotANumber) {
    const lab::Extent extent{7, 4};
    const Floats logits{
        nan,  1,    2,    3,     // first
        1,    2,    3,    nan,   // last
        -inf, 5,    -inf, -inf,  // one token
        -inf, -inf, -inf, -inf,  // none
        1,    inf,  2,    3,     // without bound
        -inf, -1,   nan,  -inf,  // both
        -3,   -9,   -inf, -3,    // two tokens of equal share, and next to nothing
    };
    const RowRule rule{.temperature = 0.7F, .top_p = 1, .top_k = 0, .uniform = 0.75F};
    const std::vector<double> greedy_ids{-1, -1, 1, 0, 1, -1, 0};
    const auto drawn = sample(rung(), extent, logits, Rules(7, rule), {-1, -1, 1, -1, -1, -1, 3});
    EXPECT_TRUE(drawn.ok()) << drawn.message();
    const auto mixed = sample(rung(), extent, logits, Rules(7, greedy), greedy_ids);
    EXPECT_TRUE(mixed.ok()) << mixed.message();
    const auto all = sample_greedily(rung(), extent, logits, greedy_ids);
    EXPECT_TRUE(all.ok()) << all.message();
}

// A sequence gets the same token in a batch as alone. Random numbers that nobody chose, so that some lie
// where the last bit of a sum decides.
TEST_P(Sample, GivesARowTheSameAlone) {
    const lab::Extent extent{24, 515};
    const auto logits = random_logits(extent, lab::test_seed() + 5);
    lab::Random random(lab::test_seed() + 6);
    Rules rules;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        RowRule rule{.temperature = static_cast<float>(0.5 + 3 * random.unit()),
                     .top_p = row % 2 == 0 ? 1 : static_cast<float>(1 - random.unit() / 2),
                     .top_k = row % 3 == 0 ? 40 : 0,
                     .uniform = static_cast<float>(random.integer(0, 0xFFFFFF)) * 0x1p-24F};
        if (row % 4 == 1) rule.temperature = 0;
        rules.push_back(rule);
    }
    const Ids together = ids_of(rung(), extent, logits, rules);
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        const Ids alone = ids_of(rung(), {1, extent.columns}, row_of(logits, extent, row),
                                 std::span(rules).subspan(static_cast<std::size_t>(row), 1));
        EXPECT_EQ(alone[0], together[static_cast<std::size_t>(row)]) << "row " << row;
    }
}

// As for the draw alone: χ² over k + 1 tokens has mean k and deviation √2k.
TEST_P(Sample, DrawsTokensAsOftenAsTheirProbabilitySays) {
    const lab::Extent extent{5000, 37};
    const auto row = lab::normal(extent.columns, 1, 1.5, lab::test_seed() + 7);
    Floats logits;
    for (std::int64_t i = 0; i < extent.rows; ++i) {
        logits.insert(logits.end(), row.begin(), row.end());
    }
    struct Case {
        float temperature, top_p;
        std::int32_t top_k;
    };
    for (const Case& limits : {Case{1, 1, 0}, {2, 0.8F, 0}, {0.7F, 1, 8}, {1.5F, 0.8F, 8}}) {
        const auto tokens = lab::reference::distribution(row, limits.temperature);
        std::size_t kept = 1;
        while (kept < tokens.tokens.size() && tokens.cumulative[kept - 1] < limits.top_p) ++kept;
        if (limits.top_k > 0) kept = std::min(kept, static_cast<std::size_t>(limits.top_k));
        ASSERT_GE(kept, 5u);

        lab::Random random(lab::test_seed() + 8);
        Rules rules;
        for (std::int64_t i = 0; i < extent.rows; ++i) {
            rules.push_back({limits.temperature, limits.top_p, limits.top_k,
                             static_cast<float>(random.integer(0, 0xFFFFFF)) * 0x1p-24F});
        }
        std::vector<double> drawn(static_cast<std::size_t>(extent.columns), 0);
        for (const std::int32_t id : ids_of(rung(), extent, logits, rules)) {
            ASSERT_TRUE(0 <= id && id < extent.columns) << "drew " << id;
            ++drawn[static_cast<std::size_t>(id)];
        }
        double chi_square = 0;
        for (std::size_t place = 0; place < tokens.tokens.size(); ++place) {
            const double count = drawn[static_cast<std::size_t>(tokens.tokens[place])];
            if (place >= kept) {
                EXPECT_EQ(count, 0) << "drew a token that top_p or top_k drops, place " << place;
                continue;
            }
            const double expected = static_cast<double>(extent.rows) * tokens.probability(place) /
                                    tokens.cumulative[kept - 1];
            chi_square += (count - expected) * (count - expected) / expected;
        }
        const auto k = static_cast<double>(kept - 1);
        EXPECT_LT(chi_square, k + 6 * std::sqrt(2 * k))
            << "temperature " << limits.temperature << ", top_p " << limits.top_p << ", top_k "
            << limits.top_k;
    }
}

// Recorded once, and replayed with what the memory holds then.
TEST_P(Sample, IsReplayedWithOtherLogitsAndRules) {
    const lab::Extent extent{6, 301};
    DeviceBuffer<float> logits(extent.count());
    DeviceBuffer<RowRule> rules(static_cast<std::size_t>(extent.rows));
    DeviceBuffer<std::int32_t> ids(Ids(6, -7));
    Op op{logits.data(), rules.data(), ids.data(), extent.rows, extent.columns};
    DeviceBuffer<std::byte> workspace(rung().workspace(op));
    op.workspace = {workspace.data(), workspace.size()};

    const Stream stream;
    cudaGraph_t graph = nullptr;
    T2T_CHECK(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
    rung().run(op, stream.get());
    T2T_CHECK(cudaStreamEndCapture(stream.get(), &graph));
    cudaGraphExec_t executable = nullptr;
    T2T_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    T2T_CHECK(cudaGraphDestroy(graph));
    EXPECT_EQ(ids.download(), Ids(6, -7)) << "recording runs nothing";

    for (std::uint64_t replay = 0; replay < 3; ++replay) {
        const auto values = random_logits(extent, lab::test_seed() + 10 * replay);
        Choice choice = choose(values, extent, lab::test_seed() + 10 * replay + 1);
        // Each time other rows are greedy.
        const auto row = static_cast<std::size_t>(replay);
        choice.rules[row] = greedy;
        choice.ids[row] = lab::reference::argmax(values, extent)[row];
        logits.upload(values);
        rules.upload(choice.rules);
        T2T_CHECK(cudaGraphLaunch(executable, stream.get()));
        stream.synchronize();
        const Ids drawn = ids.download();
        EXPECT_EQ(std::vector<double>(drawn.begin(), drawn.end()), choice.ids) << replay;
    }
    T2T_CHECK(cudaGraphExecDestroy(executable));
}

TEST_P(Sample, DoesNothingForNoRows) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .vocabulary = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 0, .vocabulary = 8, .all_greedy = true}, nullptr));
}

TEST_P(Sample, RefusesBadArguments) {
    lab::GuardedBuffer<float> logits(64);
    lab::GuardedBuffer<std::int32_t> ids(9);
    DeviceBuffer<RowRule> rules(Rules(9, greedy));
    Op good{logits.data(), rules.data(), ids.data(), 8, 8};
    const std::size_t bytes = rung().workspace(good);
    DeviceBuffer<std::byte> workspace(bytes);
    good.workspace = {workspace.data(), bytes};
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("sample: rows is -1", [](Op& op) { op.rows = -1; });
    refuses("sample: vocabulary is -8", [](Op& op) { op.vocabulary = -8; });
    refuses("sample: vocabulary is 0", [](Op& op) { op.vocabulary = 0; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("fewer than 2^31 tokens", [](Op& op) { op.vocabulary = std::int64_t{1} << 31; });
    refuses("sample: logits is null", [](Op& op) { op.logits = nullptr; });
    refuses("sample: rules is null", [](Op& op) { op.rules = nullptr; });
    refuses("sample: ids is null", [](Op& op) { op.ids = nullptr; });
    refuses("sample: ids is null", [](Op& op) { op.ids = nullptr, op.all_greedy = true; });
    refuses("sample: logits is not aligned", [&](Op& op) { op.logits = odd(op.logits); });
    refuses("sample: rules is not aligned", [&](Op& op) { op.rules = odd(op.rules); });
    refuses("sample: ids is not aligned", [&](Op& op) { op.ids = odd(op.ids); });
    if (bytes > 0) {
        refuses("the workspace has " + std::to_string(bytes - 1) + " bytes and needs at least " +
                    std::to_string(bytes) + "; hand in as many as the rung's workspace() says",
                [&](Op& op) { op.workspace = op.workspace.first(bytes - 1); });
        refuses("the workspace has 0 bytes", [](Op& op) { op.workspace = {}; });
    }
    EXPECT_TRUE(ids.unchanged()) << "a refused call has written";
}

// Logits, rules and tokens; a batch that is greedy throughout needs no rules.
TEST(SampleWork, CountsEachByteOnce) {
    EXPECT_EQ((Op{.rows = 3, .vocabulary = 50}.work().bytes), 4 * 150 + 16 * 3 + 4 * 3);
    EXPECT_EQ((Op{.rows = 3, .vocabulary = 50, .all_greedy = true}.work().bytes), 4 * 150 + 4 * 3);
}

// The reference, by hand: exp(0 / 2), exp(log 9 / 2) and again are 1, 3 and 3 of 7.
TEST(SampleReference, DistributesByHand) {
    const auto tokens = lab::reference::distribution(Floats{0, std::log(9.0F), std::log(9.0F)}, 2);
    EXPECT_EQ(tokens.tokens, (Ids{1, 2, 0}));
    EXPECT_NEAR(tokens.cumulative[0], 3.0 / 7, 1e-7);
    EXPECT_NEAR(tokens.cumulative[1], 6.0 / 7, 1e-7);
    EXPECT_EQ(tokens.cumulative[2], 1);
    EXPECT_NEAR(tokens.probability(2), 1.0 / 7, 1e-7);
    EXPECT_NEAR(tokens.top_p(2), 4.5 / 7, 1e-7);
    EXPECT_NEAR(tokens.uniform(1, 2), 0.75, 1e-7);
    EXPECT_THROW(lab::reference::distribution(Floats{}, 1), std::invalid_argument);
    EXPECT_THROW(lab::reference::distribution(Floats{1}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace t2t
