#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chapters/04_reduction/reduction.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/reduction.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Scan = tests::EveryRung<reduction::scan_ladder>;
T2T_EVERY_RUNG(Scan);

// Whole numbers: every sum below 2²⁴ is exact, in whatever order it is made.
lab::Expected exact_sums(const std::vector<float>& values, lab::Extent extent) {
    return {lab::reference::scan(values, extent), extent};
}

// In whatever order the sum of n elements is made, each of its at most n additions rounds by half
// an ε of a partial sum. Those errors grow like a random walk; a sum of a part of a row is the
// difference of two prefix sums, so no partial sum is more than twice the largest of them.
lab::Expected rounded_sums(const std::vector<float>& values, lab::Extent extent) {
    std::vector<double> sums = lab::reference::scan(values, extent);
    double largest = 0;
    for (const double sum : sums) largest = std::max(largest, std::abs(sum));
    const double epsilon = std::numeric_limits<float>::epsilon();
    return {std::move(sums), extent,
            lab::Tolerance::relative_to_scale(
                epsilon * std::sqrt(static_cast<double>(extent.columns)) * largest,
                "ε · √columns · the largest prefix sum")};
}

lab::Comparison scan(const auto& rung, const std::vector<float>& values, lab::Expected expected,
                     std::size_t offset = 0) {
    const lab::Extent extent = expected.extent;
    lab::RungCheck check("scan", rung.name);
    const float* x = check.input("x", values, offset);
    float* y = check.output<float>("y", std::move(expected), offset);
    return check.run(rung, {x, y, extent.rows, extent.columns});
}

TEST_P(Scan, AddsWholeNumbersOfEveryLength) {
    for (const std::int64_t columns : lab::sizes()) {
        const auto values = lab::integers(columns, -8, 8, lab::test_seed());
        const auto result = scan(rung(), values, exact_sums(values, {1, columns}));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Scan, AddsWholeNumbersOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(256)) {
        const auto values = lab::integers(extent.rows * extent.columns, -8, 12, lab::test_seed());
        const auto result = scan(rung(), values, exact_sums(values, extent));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Scan, RoundsNoMoreThanASumMust) {
    for (const lab::Extent& extent : {lab::Extent{5, 33}, {3, 1001}, {2, 50'257}}) {
        const auto values = lab::normal(extent.rows * extent.columns, 1, 3, lab::test_seed());
        const auto result = scan(rung(), values, rounded_sums(values, extent));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Scan, AddsInPlace) {
    for (const lab::Extent& extent : {lab::Extent{3, 31}, {2, 256}, {3, 1001}}) {
        const auto values = lab::integers(extent.rows * extent.columns, -8, 8, lab::test_seed());
        lab::RungCheck check("scan in place,", rung().name);
        float* x = check.in_out("x", values, exact_sums(values, extent));
        const auto result = check.run(rung(), {x, x, extent.rows, extent.columns});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Scan, ReadsRowsThatAreNotVectorAligned) {
    const auto values = lab::integers(5 * 301, -8, 8, lab::test_seed());
    const auto result = scan(rung(), values, exact_sums(values, {5, 301}), 1);
    EXPECT_TRUE(result.ok()) << result.message();
}

// What stands before a NaN does not see it, and all behind it in the row does.
TEST_P(Scan, CarriesNanAndInfinityTowardsTheEndOnly) {
    constexpr std::int64_t columns = 700;
    for (const std::int64_t place : {0, 1, 31, 255, 256, 300, 699}) {
        auto values = lab::integers(3 * columns, -8, 8, lab::test_seed());
        values[place] = std::numeric_limits<float>::quiet_NaN();
        values[columns + place] = std::numeric_limits<float>::infinity();
        const auto result = scan(rung(), values, exact_sums(values, {3, columns}));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Scan, DoesNothingWithoutElements) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .columns = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 8, .columns = 0}, nullptr));
}

TEST_P(Scan, RefusesBadArguments) {
    lab::GuardedBuffer<float> input(64);
    lab::GuardedBuffer<float> output(64);
    const float* x = input.data();
    float* y = output.data();
    const auto* odd_x = reinterpret_cast<const float*>(reinterpret_cast<const char*>(x) + 2);
    auto* odd_y = reinterpret_cast<float*>(reinterpret_cast<char*>(y) + 1);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto refuses = [&](const reduction::Scan& op, const std::string& part) {
        tests::expect_refusal(rung(), op, "scan: " + part);
    };
    refuses({x, y, -1, 8}, "rows is -1");
    refuses({x, y, 8, -8}, "columns is -8");
    refuses({x, y, most / 8, 16}, "rows (");
    refuses({nullptr, y, 8, 8}, "x is null");
    refuses({x, nullptr, 8, 8}, "y is null");
    refuses({odd_x, y, 4, 8}, "x is not aligned");
    refuses({x, odd_y, 4, 8}, "y is not aligned");
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
