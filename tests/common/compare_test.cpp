#include "common/lab/compare.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

#include "common/lab/inputs.hpp"

namespace t2t::lab {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr float float_inf = std::numeric_limits<float>::infinity();
constexpr float float_nan = std::numeric_limits<float>::quiet_NaN();

Expected vector_of(std::vector<double> values, Tolerance tolerance = Tolerance::exact()) {
    const Extent extent{1, static_cast<std::int64_t>(values.size())};
    return {std::move(values), extent, std::move(tolerance)};
}

Actual written(std::vector<double> values) {
    const std::size_t count = values.size();
    return {std::move(values), std::vector<bool>(count, false)};
}

TEST(Compare, FindsNothingInCleanData) {
    for (const std::int64_t n : sizes()) {
        const std::vector<float> x = normal(n, 3, 10, test_seed());
        const std::vector<double> expected(x.begin(), x.end());
        const Comparison result = compare("copy", vector_of(expected), x);
        EXPECT_TRUE(result.ok()) << result.message();
        EXPECT_EQ(result.cause(), Cause::none);
        EXPECT_EQ(result.wrong, 0u);
    }
}

TEST(Compare, AcceptsEmptyOutputs) {
    EXPECT_TRUE(compare("copy", vector_of({}), std::vector<float>{}).ok());
    EXPECT_TRUE(compare("copy", {{}, {0, 7}}, std::vector<float>{}).ok());
}

TEST(Compare, RoundsTheExpectedValueOnceToTheOutput) {
    const Expected third = vector_of({1.0 / 3});
    EXPECT_TRUE(compare("third", third, std::vector<float>{1.0f / 3}).ok());
    EXPECT_TRUE(compare("third", third, std::vector<double>{1.0 / 3}).ok());
    EXPECT_FALSE(compare("third", third, std::vector<double>{1.0f / 3}).ok());
    const float next = std::nextafter(1.0f / 3, 1.0f);
    EXPECT_FALSE(compare("third", third, std::vector<float>{next}).ok());
}

TEST(Compare, ComparesIntegers) {
    EXPECT_TRUE(compare("argmax", vector_of({-1, 7}), std::vector<std::int32_t>{-1, 7}).ok());
    EXPECT_FALSE(compare("argmax", vector_of({-1, 7}), std::vector<std::int32_t>{-1, 8}).ok());
    const std::vector<std::int32_t> unwritten{-1, poisoned_value<std::int32_t>()};
    const Comparison result = compare("argmax", vector_of({-1, 7}), unwritten);
    EXPECT_NE(result.message().find("never written"), std::string::npos) << result.message();
}

TEST(Compare, CountsAndFindsFirstAndWorst) {
    const Comparison result =
        compare("add", vector_of({1, 2, 3, 4, 5}), std::vector<float>{1, 2.5f, 3, 9, 6});
    EXPECT_EQ(result.wrong, 3u);
    EXPECT_EQ(result.first, 1u);
    EXPECT_EQ(result.worst, 3u);
}

TEST(Compare, CountsNanAsTheWorst) {
    const Comparison result =
        compare("add", vector_of({1, 2, 3, 4}), std::vector<float>{1, 1e30f, float_nan, 9});
    EXPECT_EQ(result.first, 1u);
    EXPECT_EQ(result.worst, 2u);
}

TEST(Compare, RejectsNanWhateverTheTolerance) {
    const Expected expected = vector_of({1}, Tolerance::relative_to_scale(1e300, "anything"));
    EXPECT_EQ(compare("add", expected, std::vector<float>{float_nan}).cause(), Cause::nan_written);
}

TEST(Compare, WantsInfinityWhereItIsExpected) {
    const Expected expected = vector_of({inf, -inf});
    EXPECT_TRUE(compare("max", expected, std::vector<float>{float_inf, -float_inf}).ok());
    EXPECT_EQ(compare("max", expected, std::vector<float>{float_inf, float_inf}).wrong, 1u);
    EXPECT_EQ(compare("max", expected, std::vector<float>{3e38f, -3e38f}).wrong, 2u);
}

TEST(Compare, WantsAWrittenNanWhereNanIsExpected) {
    const Expected expected = vector_of({std::nan(""), 1});
    EXPECT_TRUE(compare("gather", expected, std::vector<float>{float_nan, 1}).ok());
    const Comparison unwritten =
        compare("gather", expected, std::vector<float>{poisoned_value<float>(), 1});
    EXPECT_EQ(unwritten.wrong, 1u);
    EXPECT_EQ(unwritten.cause(), Cause::untouched);
}

TEST(Compare, RefusesSizesThatDiffer) {
    EXPECT_THROW(compare("add", vector_of({1, 2}), std::vector<float>{1}), std::invalid_argument);
    EXPECT_THROW(compare("add", {{1, 2}, {1, 3}}, std::vector<float>{1, 2}), std::invalid_argument);
    const Actual two = written({1, 2});
    const Actual one = written({1});
    EXPECT_THROW(compare("add", vector_of({1, 2}), two, &one), std::invalid_argument);
}

TEST(Compare, NamesTwoRunsThatDiffer) {
    const Expected expected = vector_of({1, 2, 3, 4});
    const Actual right = written({1, 2, 3, 4});
    const Actual wrong = written({1, 2, 7, 4});
    EXPECT_EQ(compare("sum", expected, right, &right).cause(), Cause::none);
    EXPECT_EQ(compare("sum", expected, wrong, &wrong).cause(), Cause::unexplained);
    const Comparison first = compare("sum", expected, wrong, &right);
    EXPECT_EQ(first.cause(), Cause::differs_by_run);
    EXPECT_EQ(first.findings.size(), 1u) << "a pattern in a race is chance";
    const Comparison second = compare("sum", expected, right, &wrong);
    EXPECT_EQ(second.cause(), Cause::differs_by_run);
    EXPECT_FALSE(second.ok());
}

TEST(Compare, LetsRunsDifferWithinTheTolerance) {
    const Expected expected = vector_of({1}, Tolerance::relative_to_scale(0.1, "atomics"));
    const Actual low = written({0.95});
    const Actual high = written({1.05});
    EXPECT_TRUE(compare("sum", expected, low, &high).ok());
}

TEST(Compare, SaysWhatAndWhereAndWhy) {
    std::vector<double> expected(33 * 65);
    std::iota(expected.begin(), expected.end(), 1.25);
    std::vector<float> output(expected.begin(), expected.end());
    for (std::size_t row = 0; row < 33; ++row) output[row * 65 + 64] = float_nan;
    const Comparison result = compare("matmul v3_shared_tiles", {expected, {33, 65}}, output);
    EXPECT_EQ(
        result.message(),
        "matmul v3_shared_tiles, 33 × 65: 33 of 2145 wrong, all in the last tile of columns "
        "(column 64 on), all of them NaN.\n"
        "  usual cause: the guard for the last, partial tile is missing or wrong, or the elements "
        "after the last whole vector are left out.\n"
        "  first: [0, 64] expected 65.25, got nan\n"
        "  tolerance: 0 (exact: rounded once to the output's type)");
}

}  // namespace
}  // namespace t2t::lab
