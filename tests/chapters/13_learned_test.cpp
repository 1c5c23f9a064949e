#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "chapters/13_positions/positions.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/positions.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using positions::LearnedShape;
using Ids = std::vector<std::int32_t>;

using LearnedPositions = tests::EveryRung<positions::learned_ladder>;
T2T_EVERY_RUNG(LearnedPositions);

lab::Comparison add(const auto& rung, const LearnedShape& shape, const Ids& where) {
    const auto start = lab::normal(shape.tokens * shape.width, 3, 2, lab::test_seed());
    const auto rows = lab::normal(shape.rows * shape.width, -1, 4, lab::test_seed() + 1);
    lab::RungCheck check("learned_positions", rung.name);
    float* x = check.in_out("x", start,
                            {lab::reference::learned_positions(start, rows, where, shape.width),
                             {shape.tokens, shape.width}});
    const float* table = check.input("table", rows);
    const std::int32_t* positions = check.input("positions", where);
    return check.run([&] { rung.run(x, table, positions, shape, nullptr); });
}

TEST_P(LearnedPositions, AddsRowsOfEveryShape) {
    const std::vector<LearnedShape> shapes{
        {1, 1, 1},    {2, 3, 5},    {4, 1, 7},    {9, 31, 3},   {8, 32, 5},
        {17, 33, 9},  {3, 97, 101}, {9, 128, 64}, {1, 255, 40}, {257, 130, 300},
        {31, 257, 8}, {7, 768, 50}, {1, 4099, 3},
    };
    for (const LearnedShape& shape : shapes) {
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
            const LearnedShape shape{7, width, rows};
            const auto start = lab::normal(shape.tokens * width, 3, 2, lab::test_seed());
            const auto all = lab::normal((rows + 2 * around) * width, -1, 4, lab::test_seed() + 1);
            const std::vector<float> inside(all.begin() + around * width,
                                            all.end() - around * width);
            lab::RungCheck check("learned_positions", rung().name);
            float* x = check.in_out(
                "x", start,
                {lab::reference::learned_positions(start, inside, where, width), {7, width}});
            const float* table = check.input("table", all) + around * width;
            const std::int32_t* positions = check.input("positions", where);
            const auto result = check.run([&] { rung().run(x, table, positions, shape, nullptr); });
            EXPECT_TRUE(result.ok()) << result.message() << "\n" << rows << " rows";
        }
    }
}

TEST_P(LearnedPositions, DoesNothingForAnEmptyResult) {
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {0, 8, 10}, nullptr));
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {5, 0, 10}, nullptr));
}

TEST_P(LearnedPositions, RefusesBadArguments) {
    lab::GuardedBuffer<float> rows(64);
    lab::GuardedBuffer<float> output(64);
    lab::GuardedBuffer<std::int32_t> where(Ids{1, 0});
    const float* table = rows.data();
    float* x = output.data();
    const std::int32_t* at = where.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(at) + 2);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    EXPECT_THROW(run(x, table, at, {-2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, at, {2, -8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, at, {2, 8, -4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, at, {most / 8, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, at, {2, 8, most / 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(nullptr, table, at, {2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, nullptr, at, {2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, nullptr, {2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x + 1, table, at, {2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table + 1, at, {2, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, table, odd, {1, 8, 4}, nullptr), std::invalid_argument);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
