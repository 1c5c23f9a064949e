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

using Argmax = tests::EveryRung<reduction::argmax_ladder>;
T2T_EVERY_RUNG(Argmax);

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();

lab::Comparison argmax(const auto& rung, lab::Extent extent, const std::vector<float>& values,
                       std::vector<double> expected, std::size_t offset = 0) {
    lab::RungCheck check("argmax", rung.name);
    const float* x = check.input("x", values, offset);
    auto* index = check.output<std::int32_t>("index", {std::move(expected), {1, extent.rows}});
    return check.run(rung, {x, index, extent.rows, extent.columns});
}

lab::Comparison argmax(const auto& rung, lab::Extent extent, const std::vector<float>& values) {
    return argmax(rung, extent, values, lab::reference::argmax(values, extent));
}

TEST_P(Argmax, FindsTheLargestOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(256)) {
        const auto values = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
        const auto result = argmax(rung(), extent, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Argmax, FindsTheLargestOfEveryLength) {
    for (const std::int64_t columns : lab::sizes()) {
        // All below 0: what is taken for an element behind the end must not be a 0.
        const auto values = lab::uniform(columns, -30, -10, lab::test_seed());
        const auto result = argmax(rung(), {1, columns}, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// Four different numbers in hundreds of columns: nearly every comparison is one of equals.
TEST_P(Argmax, TakesTheFirstOfEquals) {
    for (const std::int64_t columns : {2, 31, 33, 257, 1001}) {
        const lab::Extent extent{40, columns};
        const auto values = lab::integers(extent.rows * columns, -2, 1, lab::test_seed());
        const auto result = argmax(rung(), extent, values);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Argmax, FindsTheLargestInEveryColumn) {
    for (const std::int64_t columns : {32, 33, 300}) {
        std::vector<float> values(static_cast<std::size_t>(columns * columns), -1);
        std::vector<double> expected;
        for (std::int64_t row = 0; row < columns; ++row) {
            values[row * columns + row] = 1;
            expected.push_back(static_cast<double>(row));
        }
        const auto result = argmax(rung(), {columns, columns}, values, expected);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Argmax, KnowsNoLargestBesideANaN) {
    for (const std::int64_t columns : {1, 2, 33, 300, 1001}) {
        // Row r has a NaN in column r · columns / 8, first of all, last of all, and in between; one
        // more row has +infinity as well; the last row has no NaN.
        const lab::Extent extent{11, columns};
        auto values = lab::normal(extent.rows * columns, 3, 8, lab::test_seed());
        for (std::int64_t row = 0; row < 8; ++row) values[row * columns + row * columns / 8] = nan;
        values[8 * columns + columns - 1] = nan;
        values[9 * columns] = inf;
        values[9 * columns + columns / 2] = nan;
        auto expected = std::vector<double>(10, -1);
        expected.push_back(lab::reference::argmax(values, extent).back());
        const auto result = argmax(rung(), extent, values, expected);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Argmax, KnowsInfinities) {
    for (const std::int64_t columns : {2, 33, 300}) {
        std::vector<float> values(static_cast<std::size_t>(4 * columns), -inf);
        values[1 * columns + columns - 1] = -1e30F;  // larger than -infinity
        values[2 * columns + columns / 2] = inf;
        values[2 * columns + columns - 1] = inf;
        values[3 * columns + columns / 2] = std::numeric_limits<float>::max();
        const double last = static_cast<double>(columns - 1);
        const double middle = static_cast<double>(columns / 2);
        const auto result = argmax(rung(), {4, columns}, values, {0, last, middle, middle});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Argmax, ReadsRowsThatAreNotVectorAligned) {
    const auto values = lab::normal(7 * 130, 3, 8, lab::test_seed());
    const auto result =
        argmax(rung(), {7, 130}, values, lab::reference::argmax(values, {7, 130}), 1);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Argmax, KnowsNoLargestInARowWithoutColumns) {
    const auto result = argmax(rung(), {3, 0}, {}, {-1, -1, -1});
    EXPECT_TRUE(result.ok()) << result.message();
    lab::GuardedBuffer<std::int32_t> index(1);
    EXPECT_NO_THROW(rung().run({.index = index.data(), .rows = 1, .columns = 0}, nullptr));
}

TEST_P(Argmax, DoesNothingForNoRows) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .columns = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 0, .columns = 0}, nullptr));
}

TEST_P(Argmax, RefusesBadArguments) {
    lab::GuardedBuffer<float> values(64);
    lab::GuardedBuffer<std::int32_t> output(8);
    const float* x = values.data();
    std::int32_t* index = output.data();
    const auto* odd_x = reinterpret_cast<const float*>(reinterpret_cast<const char*>(x) + 2);
    auto* odd_index = reinterpret_cast<std::int32_t*>(reinterpret_cast<char*>(index) + 1);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto refuses = [&](const reduction::Argmax& op, const std::string& part) {
        tests::expect_refusal(rung(), op, "argmax: " + part);
    };
    refuses({x, index, -1, 8}, "rows is -1");
    refuses({x, index, 8, -8}, "columns is -8");
    refuses({x, index, most / 8, 16}, "rows (");
    refuses({x, index, 1, std::int64_t{1} << 31}, "columns is 2147483648");
    refuses({nullptr, index, 8, 8}, "x is null");
    refuses({x, nullptr, 8, 8}, "index is null");
    refuses({odd_x, index, 4, 8}, "x is not aligned");
    refuses({x, odd_index, 4, 8}, "index is not aligned");
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
