#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/sampling.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Op = sampling::SortTokens;

using SortTokens = tests::EveryRung<sampling::sort_ladder>;
T2T_EVERY_RUNG(SortTokens);

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();

lab::Comparison sort(const auto& rung, lab::Extent extent, const std::vector<float>& row_values,
                     const lab::reference::SortedTokens& expected, std::size_t offset = 0) {
    lab::RungCheck check("sort_tokens", rung.name);
    const float* values = check.input("values", row_values, offset);
    float* sorted = check.output<float>("sorted", {expected.values, extent}, offset);
    auto* tokens = check.output<std::int32_t>("tokens", {expected.tokens, extent}, offset);
    return check.run(rung, {values, sorted, tokens, extent.rows, extent.columns});
}

lab::Comparison sort(const auto& rung, lab::Extent extent, const std::vector<float>& values) {
    return sort(rung, extent, values, lab::reference::sort_tokens(values, extent));
}

TEST_P(SortTokens, SortsRowsOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(128)) {
        if (extent.count() > 100'000) continue;  // SortsALargeVocabulary is slow enough
        const auto values = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
        const auto result = sort(rung(), extent, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// A network sorts everything when it sorts every row of zeros and ones (the 0-1 principle). Here
// are all of them for lengths up to 10; equal values must stay in the order of their tokens
// besides.
TEST_P(SortTokens, SortsAllRowsOfZerosAndOnes) {
    for (std::int64_t columns = 1; columns <= 10; ++columns) {
        const lab::Extent extent{std::int64_t{1} << columns, columns};
        std::vector<float> values;
        for (std::int64_t row = 0; row < extent.rows; ++row) {
            for (std::int64_t bit = 0; bit < columns; ++bit) {
                values.push_back(static_cast<float>(row >> bit & 1));
            }
        }
        const auto result = sort(rung(), extent, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(SortTokens, SortsEveryLengthUpTo70) {
    for (std::int64_t columns = 1; columns <= 70; ++columns) {
        const auto values = lab::normal(3 * columns, 3, 8, lab::test_seed());
        const auto result = sort(rung(), {3, columns}, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(SortTokens, KeepsEqualsInTheOrderOfTokens) {
    for (const std::int64_t columns : {33, 257, 1001, 4099}) {
        const auto values = lab::integers(2 * columns, -2, 2, lab::test_seed());
        const auto result = sort(rung(), {2, columns}, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(SortTokens, SortsWhatIsSortedAlready) {
    constexpr std::int64_t columns = 777;
    std::vector<float> values;
    for (std::int64_t i = 0; i < columns; ++i) values.push_back(static_cast<float>(-i));
    for (std::int64_t i = 0; i < columns; ++i) values.push_back(static_cast<float>(i));
    const auto result = sort(rung(), {2, columns}, values);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(SortTokens, PutsNanFirstAndMinusInfinityLast) {
    const std::vector<float> values{-inf, 3, nan, -inf, inf, 0, -0.0F, nan, -3, inf, -1e-40F};
    const lab::reference::SortedTokens expected{
        {nan, nan, inf, inf, 3, 0, 0, -1e-40F, -3, -inf, -inf}, {2, 7, 4, 9, 1, 5, 6, 10, 8, 0, 3}};
    const auto result = sort(rung(), {1, 11}, values, expected);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(SortTokens, SortsALargeVocabulary) {
    constexpr std::int64_t vocabulary = 152'064;  // Qwen's
    const auto values = lab::normal(vocabulary, 3, 8, lab::test_seed());
    const auto result = sort(rung(), {1, vocabulary}, values);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(SortTokens, ReadsRowsThatAreNotVectorAligned) {
    const auto values = lab::normal(5 * 130, 3, 8, lab::test_seed());
    const auto result =
        sort(rung(), {5, 130}, values, lab::reference::sort_tokens(values, {5, 130}), 1);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(SortTokens, DoesNothingWithoutElements) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .vocabulary = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 8, .vocabulary = 0}, nullptr));
}

TEST_P(SortTokens, RefusesBadArguments) {
    lab::GuardedBuffer<float> values(64), sorted(64);
    lab::GuardedBuffer<std::int32_t> tokens(64);
    const Op good{values.data(), sorted.data(), tokens.data(), 4, 8};
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("sort_tokens: rows is -1", [](Op& op) { op.rows = -1; });
    refuses("sort_tokens: vocabulary is -8", [](Op& op) { op.vocabulary = -8; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("fewer than 2^31 tokens", [](Op& op) { op.vocabulary = std::int64_t{1} << 31; });
    refuses("sort_tokens: values is null", [](Op& op) { op.values = nullptr; });
    refuses("sort_tokens: sorted is null", [](Op& op) { op.sorted = nullptr; });
    refuses("sort_tokens: tokens is null", [](Op& op) { op.tokens = nullptr; });
    refuses("sort_tokens: values is not aligned", [&](Op& op) { op.values = odd(op.values); });
    refuses("sort_tokens: sorted is not aligned", [&](Op& op) { op.sorted = odd(op.sorted); });
    refuses("sort_tokens: tokens is not aligned", [&](Op& op) { op.tokens = odd(op.tokens); });
    EXPECT_TRUE(sorted.unchanged() && tokens.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
