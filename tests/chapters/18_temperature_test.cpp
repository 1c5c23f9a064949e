#include <cstdint>
#include <limits>
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

using Op = sampling::Temperature;
using sampling::RowRule;

using Temperature = tests::EveryRung<sampling::temperature_ladder>;
T2T_EVERY_RUNG(Temperature);

// What else stands in a rule does not matter here.
std::vector<RowRule> rules_of(const std::vector<float>& temperatures) {
    std::vector<RowRule> rules;
    for (const float temperature : temperatures) rules.push_back({temperature, 0.3F, 5, 0.7F});
    return rules;
}

lab::Comparison temperature(const auto& rung, lab::Extent extent, const std::vector<float>& values,
                            const std::vector<float>& temperatures, std::size_t offset = 0) {
    lab::RungCheck check("temperature", rung.name);
    const float* logits = check.input("logits", values, offset);
    const RowRule* rules = tests::rules_input(check, rules_of(temperatures));
    float* y = check.output<float>(
        "y", {lab::reference::temperature(values, temperatures, extent), extent}, offset);
    return check.run(rung, {logits, rules, y, extent.rows, extent.columns});
}

TEST_P(Temperature, DividesRowsOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(256)) {
        const auto logits = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
        const auto temperatures = lab::uniform(extent.rows, 0.1, 2, lab::test_seed() + 1);
        const auto result = temperature(rung(), extent, logits, temperatures);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Temperature, LeavesInfinitiesAndNanAsTheyAre) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    const std::vector<float> logits{1, -inf, inf, std::numeric_limits<float>::quiet_NaN(),
                                    0, -0.0F};
    const auto result = temperature(rung(), {2, 3}, logits, {0.7F, 1e-3F});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, ReadsRowsThatAreNotVectorAligned) {
    const auto logits = lab::normal(5 * 31, 3, 8, lab::test_seed());
    const auto result = temperature(rung(), {5, 31}, logits, {0.1F, 0.5F, 0.9F, 1, 1.5F}, 1);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, DividesInPlace) {
    const lab::Extent extent{3, 301};
    const auto logits = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
    const std::vector<float> temperatures{0.3F, 1, 1.7F};
    lab::RungCheck check("temperature in place,", rung().name);
    const RowRule* rules = tests::rules_input(check, rules_of(temperatures));
    float* y = check.in_out("y", logits,
                            {lab::reference::temperature(logits, temperatures, extent), extent});
    const auto result = check.run(rung(), {y, rules, y, extent.rows, extent.columns});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, LeavesGreedyRowsAsTheyAre) {
    const lab::Extent extent{3, 33};
    const auto logits = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
    lab::RungCheck check("temperature of greedy rows,", rung().name);
    const float* x = check.input("logits", logits);
    const RowRule* rules = tests::rules_input(check, rules_of({0, 0.5F, -0.0F}));
    float* y = check.output<float>(
        "y", {lab::reference::temperature(logits, std::vector<float>{1, 0.5F, 1}, extent), extent});
    const auto result = check.run(rung(), {x, rules, y, extent.rows, extent.columns});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, DoesNothingWithoutElements) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .vocabulary = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 8, .vocabulary = 0}, nullptr));
}

TEST_P(Temperature, RefusesBadArguments) {
    lab::GuardedBuffer<float> logits(64), y(64);
    DeviceBuffer<RowRule> rules(8);
    const Op good{logits.data(), rules.data(), y.data(), 4, 8};
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("temperature: rows is -1", [](Op& op) { op.rows = -1; });
    refuses("temperature: vocabulary is -8", [](Op& op) { op.vocabulary = -8; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("fewer than 2^31 tokens", [](Op& op) { op.vocabulary = std::int64_t{1} << 31; });
    refuses("temperature: logits is null", [](Op& op) { op.logits = nullptr; });
    refuses("temperature: rules is null", [](Op& op) { op.rules = nullptr; });
    refuses("temperature: y is null", [](Op& op) { op.y = nullptr; });
    refuses("temperature: logits is not aligned", [&](Op& op) { op.logits = odd(op.logits); });
    refuses("temperature: rules is not aligned", [&](Op& op) { op.rules = odd(op.rules); });
    refuses("temperature: y is not aligned", [&](Op& op) { op.y = odd(op.y); });
    EXPECT_TRUE(y.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
