#include <cstdint>
#include <limits>
#include <string>

#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Transpose = tests::EveryRung<shared_memory::ladder>;
T2T_EVERY_RUNG(Transpose);

lab::Comparison transpose(const auto& rung, lab::Extent extent) {
    const auto [rows, columns] = extent;
    const auto values = lab::normal(rows * columns, 3, 2, lab::test_seed());
    lab::RungCheck check("transpose", rung.name);
    const float* in = check.input("in", values);
    float* out =
        check.output<float>("out", {lab::reference::transpose(values, extent), {columns, rows}});
    return check.run(rung, {in, out, rows, columns});
}

TEST_P(Transpose, TurnsEveryShape) {
    for (const std::int64_t tile : {32, 64}) {  // the edges that the rungs use
        for (const lab::Extent extent : lab::extents(tile)) {
            const auto result = transpose(rung(), extent);
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}

// A vector access at the edge is whole or not at all; these shapes have both kinds of edge.
TEST_P(Transpose, TurnsMultiplesOfFourThatAreNoMultiplesOfTheTile) {
    for (const lab::Extent extent : {lab::Extent{4, 4}, {4, 68}, {68, 4}, {100, 36}, {132, 260}}) {
        const auto result = transpose(rung(), extent);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// More tiles of 32 rows than a grid has blocks along y or z (65,535). (Rungs with larger tiles
// number them with the same function.)
TEST_P(Transpose, TurnsAVeryLongColumn) {
    const auto result = transpose(rung(), {65'536 * 32 + 1, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Transpose, DoesNothingForAnEmptyMatrix) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .columns = 5}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 5, .columns = 0}, nullptr));
}

TEST_P(Transpose, RefusesBadArguments) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<float> to(64);
    const float* in = from.data();
    float* out = to.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto refuses = [&](const shared_memory::Transpose& op, const std::string& part) {
        tests::expect_refusal(rung(), op, "transpose: " + part);
    };
    refuses({in, out, -1, 4}, "rows is -1");
    refuses({in, out, 4, -1}, "columns is -1");
    refuses({in, out, -4, -4}, "rows is -4");
    refuses({in, out, 0, -4}, "columns is -4");
    refuses({in, out, most, 2}, "rows (");
    refuses({in, out, most / 4, 4}, "rows (");
    refuses({nullptr, out, 4, 4}, "in is null");
    refuses({in, nullptr, 4, 4}, "out is null");
    refuses({in + 1, out, 4, 4}, "in is not aligned");
    refuses({in, out + 2, 4, 4}, "out is not aligned");
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
