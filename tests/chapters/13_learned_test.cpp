#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "chapters/13_positions/positions.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/positions.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Op = positions::LearnedPositions;
using Ids = std::vector<std::int32_t>;

using LearnedPositions = tests::EveryRung<positions::learned_ladder>;
T2T_EVERY_RUNG(LearnedPositions);

struct Shape {
    std::int64_t tokens, width, rows;
};

lab::Comparison add(const auto& rung, const Shape& shape, const Ids& where) {
    const auto start = lab::normal(shape.tokens * shape.width, 3, 2, lab::test_seed());
    const auto rows = lab::normal(shape.rows * shape.width, -1, 4, lab::test_seed() + 1);
    lab::RungCheck check("learned_positions", rung.name);
    float* x = check.in_out("x", start,
                            {lab::reference::learned_positions(start, rows, where, shape.width),
                             {shape.tokens, shape.width}});
    const float* table = check.input("table", rows);
    const std::int32_t* positions = check.input("positions", where);
    return check.run(rung, {x, table, positions, shape.tokens, shape.width, shape.rows});
}

TEST_P(LearnedPositions, AddsRowsOfEveryShape) {
    const std::vector<Shape> shapes{
        {1, 1, 1},    {2, 3, 5},    {4, 1, 7},    {9, 31, 3},   {8, 32, 5},
        {17, 33, 9},  {3, 97, 101}, {9, 128, 64}, {1, 255, 40}, {257, 130, 300},
        {31, 257, 8}, {7, 768, 50}, {1, 4099, 3},
    };
    for (const Shape& shape : shapes) {
        const auto where =
            lab::integers<std::int32_t>(shape.tokens, 0, shape.rows - 1, lab::test_seed() + 2);
        const auto result = add(rung(), shape, where);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(LearnedPositions, ReachesFirstAndLastRow) {
    const auto result = add(rung(), {3, 12, 1024}, {1023, 0, 1023});
    EXPECT_TRUE(result.ok()) << result.message();
}

// The table lies in the middle of a larger one, so that a kernel that reads before or behind it
// finds numbers.
TEST_P(LearnedPositions, GivesNanForAPositionWithoutARow) {
    using Limits = std::numeric_limits<std::int32_t>;
    const Ids where{3, -1, 9, 10, Limits::max(), Limits::min(), 0};
    constexpr std::int64_t around = 4;  // rows before and behind, 16 bytes or a multiple
    for (const std::int64_t rows : {10, 0}) {
        for (const std::int64_t width : {5, 8}) {
            const auto start = lab::normal(7 * width, 3, 2, lab::test_seed());
            const auto all = lab::normal((rows + 2 * around) * width, -1, 4, lab::test_seed() + 1);
            const std::vector<float> inside(all.begin() + around * width,
                                            all.end() - around * width);
            lab::RungCheck check("learned_positions", rung().name);
            float* x = check.in_out(
                "x", start,
                {lab::reference::learned_positions(start, inside, where, width), {7, width}});
            const float* table = check.input("table", all) + around * width;
            const std::int32_t* positions = check.input("positions", where);
            const auto result = check.run(rung(), {x, table, positions, 7, width, rows});
            EXPECT_TRUE(result.ok()) << result.message() << "\n" << rows << " rows";
        }
    }
}

// x twice, the rows of the table that the tokens can use, the positions.
TEST(LearnedPositionsWork, CountsEachByteOnce) {
    const Work batch = Op{.tokens = 8, .width = 4, .rows = 3}.work();
    EXPECT_EQ(batch.bytes, 8 * 8 * 4 + 4 * 3 * 4 + 4 * 8);
    EXPECT_EQ(batch.flops, 8 * 4);
    EXPECT_EQ((Op{.tokens = 1, .width = 4, .rows = 1000}.work().bytes), 12 * 4 + 4);
}

TEST_P(LearnedPositions, DoesNothingForAnEmptyResult) {
    EXPECT_NO_THROW(rung().run({.tokens = 0, .width = 8, .rows = 10}, nullptr));
    EXPECT_NO_THROW(rung().run({.tokens = 5, .width = 0, .rows = 10}, nullptr));
}

TEST_P(LearnedPositions, RefusesBadArguments) {
    lab::GuardedBuffer<float> table(64);
    lab::GuardedBuffer<float> x(64);
    lab::GuardedBuffer<std::int32_t> where(Ids{1, 0});
    const Op good{x.data(), table.data(), where.data(), 2, 8, 4};
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("learned_positions: tokens is -2", [](Op& op) { op.tokens = -2; });
    refuses("learned_positions: width is -8", [](Op& op) { op.width = -8; });
    refuses("learned_positions: rows is -4", [](Op& op) { op.rows = -4; });
    refuses("tokens (", [](Op& op) { op.tokens = most / 8; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("learned_positions: x is null", [](Op& op) { op.x = nullptr; });
    refuses("learned_positions: table is null", [](Op& op) { op.table = nullptr; });
    refuses("learned_positions: positions is null", [](Op& op) { op.positions = nullptr; });
    refuses("learned_positions: x is not aligned", [](Op& op) { op.x += 1; });
    refuses("learned_positions: table is not aligned", [](Op& op) { op.table += 1; });
    refuses("learned_positions: positions is not aligned", [](Op& op) {
        op.positions =
            reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(op.positions) + 2);
    });
    EXPECT_TRUE(x.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
