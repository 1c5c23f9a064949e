#include <cstdint>
#include <limits>
#include <stdexcept>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using memory_access::GatherShape;

using GatherRows = tests::EveryRung<memory_access::gather_rows_ladder>;
T2T_EVERY_RUNG(GatherRows);

lab::Comparison gather(const auto& rung, GatherShape shape, const std::vector<std::int32_t>& ids) {
    const auto values = lab::normal(shape.rows * shape.width, 3, 2, lab::test_seed());
    lab::RungCheck check("gather_rows", rung.name);
    const float* table = check.input("table", values);
    const std::int32_t* which = check.input("ids", ids);
    const lab::Extent extent{shape.rows, shape.width};
    float* out = check.output<float>(
        "out", {lab::reference::gather_rows(values, ids, extent), {shape.count, shape.width}});
    return check.run([&] { rung.run(table, which, out, shape, nullptr); });
}

TEST_P(GatherRows, FetchesRowsOfEveryShape) {
    const std::vector<GatherShape> shapes{
        {1, 1, 1},    {2, 3, 5},    {7, 4, 1},       {3, 31, 9},     {5, 32, 8},      {9, 33, 17},
        {101, 97, 3}, {64, 128, 9}, {300, 130, 257}, {2000, 63, 40}, {211, 768, 101},
    };
    for (const GatherShape& shape : shapes) {
        // Random rows: some twice, some never, in no order.
        const auto ids =
            lab::integers<std::int32_t>(shape.count, 0, shape.rows - 1, lab::test_seed() + 1);
        const auto result = gather(rung(), shape, ids);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(GatherRows, ReachesFirstAndLastRow) {
    for (const std::int64_t width : {5, 8}) {
        const auto result = gather(rung(), {1000, width, 3}, {999, 0, 999});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// The reference gives such rows NaN, and a NaN is right only where the reference has one. The table
// lies in the middle of a larger one, so that a kernel that reads before or behind it finds
// numbers.
TEST_P(GatherRows, GivesNanForAnIdOutsideTheTable) {
    using Limits = std::numeric_limits<std::int32_t>;
    const std::vector<std::int32_t> ids{3, -1, 9, 10, Limits::max(), Limits::min(), 0};
    constexpr std::int64_t rows = 10;
    constexpr std::int64_t around =
        4;  // rows before and behind, a multiple of 16 bytes for any width
    for (const std::int64_t width : {5, 8}) {
        const auto all = lab::normal((rows + 2 * around) * width, 3, 2, lab::test_seed());
        const std::vector<float> table(all.begin() + around * width, all.end() - around * width);
        const GatherShape shape{rows, width, static_cast<std::int64_t>(ids.size())};
        lab::RungCheck check("gather_rows of unknown ids,", rung().name);
        const float* values = check.input("table", all) + around * width;
        const std::int32_t* which = check.input("ids", ids);
        float* out = check.output<float>(
            "out", {lab::reference::gather_rows(table, ids, {rows, width}), {shape.count, width}});
        const auto result = check.run([&] { rung().run(values, which, out, shape, nullptr); });
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(GatherRows, GivesNanForAnEmptyTable) {
    const auto result = gather(rung(), {0, 8, 2}, {0, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(GatherRows, DoesNothingForAnEmptyResult) {
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {10, 8, 0}, nullptr));
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {10, 0, 5}, nullptr));
}

TEST_P(GatherRows, RefusesBadArguments) {
    lab::GuardedBuffer<float> rows(64);
    lab::GuardedBuffer<float> output(64);
    lab::GuardedBuffer<std::int32_t> tokens(std::vector<std::int32_t>{1, 0});
    const float* table = rows.data();
    float* out = output.data();
    const std::int32_t* ids = tokens.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(ids) +
                                                            2);  // not 4-byte aligned
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    EXPECT_THROW(run(table, ids, out, {-1, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, out, {8, -8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, out, {8, 8, -2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, out, {most / 8, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, out, {8, 8, most / 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(nullptr, ids, out, {8, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, nullptr, out, {8, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, nullptr, {8, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table + 1, ids, out, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, odd, out, {4, 8, 1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(table, ids, out + 2, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
