#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using memory_access::GatherRows;

using GatherFloatRows = tests::EveryRung<memory_access::gather_rows_ladder<float>>;
using GatherBf16Rows = tests::EveryRung<memory_access::gather_rows_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(GatherFloatRows);
T2T_EVERY_RUNG(GatherBf16Rows);

// The values as floats, which hold bf16 exactly.
template <typename Element>
std::vector<float> widened(const std::vector<Element>& values) {
    std::vector<float> floats;
    for (const Element value : values) floats.push_back(static_cast<float>(value));
    return floats;
}

template <typename Element>
lab::Comparison gather(const Rung<GatherRows<Element>>& rung, lab::Extent extent,
                       const std::vector<std::int32_t>& ids) {
    const auto [rows, width] = extent;
    const auto count = static_cast<std::int64_t>(ids.size());
    const auto values = lab::normal<Element>(rows * width, 3, 2, lab::test_seed());
    lab::RungCheck check("gather_rows", rung.name);
    const Element* table = check.input("table", values);
    const std::int32_t* which = check.input("ids", ids);
    float* out = check.output<float>(
        "out", {lab::reference::gather_rows(widened(values), ids, extent), {count, width}});
    return check.run(rung, {table, which, out, rows, width, count});
}

template <typename Element>
void fetches_rows_of_every_shape(const Rung<GatherRows<Element>>& rung) {
    const std::vector<std::array<std::int64_t, 3>> shapes{
        // rows, width, count
        {1, 1, 1},    {2, 3, 5},    {7, 4, 1},       {3, 31, 9},     {5, 32, 8},      {9, 33, 17},
        {101, 97, 3}, {64, 128, 9}, {300, 130, 257}, {2000, 63, 40}, {211, 768, 101},
    };
    for (const auto& [rows, width, count] : shapes) {
        // Random rows: some twice, some never, in no order.
        const auto ids = lab::integers<std::int32_t>(count, 0, rows - 1, lab::test_seed() + 1);
        const auto result = gather(rung, {rows, width}, ids);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(GatherFloatRows, FetchesRowsOfEveryShape) {
    fetches_rows_of_every_shape(rung());
}
TEST_P(GatherBf16Rows, FetchesRowsOfEveryShape) {
    fetches_rows_of_every_shape(rung());
}

template <typename Element>
void reaches_first_and_last_row(const Rung<GatherRows<Element>>& rung) {
    for (const std::int64_t width : {5, 8}) {
        const auto result = gather(rung, {1000, width}, {999, 0, 999});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(GatherFloatRows, ReachesFirstAndLastRow) {
    reaches_first_and_last_row(rung());
}
TEST_P(GatherBf16Rows, ReachesFirstAndLastRow) {
    reaches_first_and_last_row(rung());
}

// The reference gives such rows NaN, and a NaN is right only where the reference has one. The table
// lies in the middle of a larger one, so that a kernel that reads before or behind it finds
// numbers.
template <typename Element>
void gives_nan_for_an_id_outside_the_table(const Rung<GatherRows<Element>>& rung) {
    using Limits = std::numeric_limits<std::int32_t>;
    const std::vector<std::int32_t> ids{3, -1, 9, 10, Limits::max(), Limits::min(), 0};
    constexpr std::int64_t rows = 10;
    constexpr std::int64_t around =
        8;  // rows before and behind, a multiple of 16 bytes for any width
    for (const std::int64_t width : {5, 8}) {
        const auto all = lab::normal<Element>((rows + 2 * around) * width, 3, 2, lab::test_seed());
        const std::vector<Element> table(all.begin() + around * width, all.end() - around * width);
        const auto count = static_cast<std::int64_t>(ids.size());
        lab::RungCheck check("gather_rows of unknown ids,", rung.name);
        const Element* values = check.input("table", all) + around * width;
        const std::int32_t* which = check.input("ids", ids);
        float* out = check.output<float>(
            "out",
            {lab::reference::gather_rows(widened(table), ids, {rows, width}), {count, width}});
        const auto result = check.run(rung, {values, which, out, rows, width, count});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(GatherFloatRows, GivesNanForAnIdOutsideTheTable) {
    gives_nan_for_an_id_outside_the_table(rung());
}
TEST_P(GatherBf16Rows, GivesNanForAnIdOutsideTheTable) {
    gives_nan_for_an_id_outside_the_table(rung());
}

// The least and the largest numbers, both zeros, infinities and NaN: widening changes none.
template <typename Element>
void keeps_special_values(const Rung<GatherRows<Element>>& rung) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::vector<Element> table;
    for (const float value : {0.0f, -0.0f, 0x1p-126f, -0x1p-133f, 0x1.fep127f, -0x1.fep127f,
                              infinity, -infinity, std::numeric_limits<float>::quiet_NaN(), 1.0f}) {
        table.push_back(Element(value));
    }
    const std::vector<std::int32_t> ids{0};
    for (const std::int64_t width : {8, 10}) {  // as vectors, and one by one
        const std::vector<Element> row(table.end() - width, table.end());
        lab::RungCheck check("gather_rows of special values,", rung.name);
        const Element* values = check.input("table", row);
        const std::int32_t* which = check.input("ids", ids);
        float* out = check.output<float>(
            "out", {lab::reference::gather_rows(widened(row), ids, {1, width}), {1, width}});
        const auto result = check.run(rung, {values, which, out, 1, width, 1});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(GatherFloatRows, KeepsSpecialValues) {
    keeps_special_values(rung());
}
TEST_P(GatherBf16Rows, KeepsSpecialValues) {
    keeps_special_values(rung());
}

template <typename Element>
void gives_nan_for_an_empty_table(const Rung<GatherRows<Element>>& rung) {
    const auto result = gather(rung, {0, 8}, {0, 1});
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(GatherFloatRows, GivesNanForAnEmptyTable) {
    gives_nan_for_an_empty_table(rung());
}
TEST_P(GatherBf16Rows, GivesNanForAnEmptyTable) {
    gives_nan_for_an_empty_table(rung());
}

template <typename Element>
void does_nothing_for_an_empty_result(const Rung<GatherRows<Element>>& rung) {
    EXPECT_NO_THROW(rung.run({.rows = 10, .width = 8, .count = 0}, nullptr));
    EXPECT_NO_THROW(rung.run({.rows = 10, .width = 0, .count = 5}, nullptr));
}
TEST_P(GatherFloatRows, DoesNothingForAnEmptyResult) {
    does_nothing_for_an_empty_result(rung());
}
TEST_P(GatherBf16Rows, DoesNothingForAnEmptyResult) {
    does_nothing_for_an_empty_result(rung());
}

template <typename Element>
void refuses_bad_arguments(const Rung<GatherRows<Element>>& rung) {
    lab::GuardedBuffer<Element> rows(64);
    lab::GuardedBuffer<float> output(64);
    lab::GuardedBuffer<std::int32_t> tokens(std::vector<std::int32_t>{1, 0});
    const Element* table = rows.data();
    float* out = output.data();
    const std::int32_t* ids = tokens.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(ids) +
                                                            2);  // not 4-byte aligned
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto refuses = [&](const GatherRows<Element>& op, const std::string& part) {
        tests::expect_refusal(rung, op, "gather_rows: " + part);
    };
    refuses({table, ids, out, -1, 8, 2}, "rows is -1");
    refuses({table, ids, out, 8, -8, 2}, "width is -8");
    refuses({table, ids, out, 8, 8, -2}, "count is -2");
    refuses({table, ids, out, most / 8, 8, 2}, "rows (");
    refuses({table, ids, out, 8, 8, most / 8}, "count (");
    refuses({nullptr, ids, out, 8, 8, 2}, "table is null");
    refuses({table, nullptr, out, 8, 8, 2}, "ids is null");
    refuses({table, ids, nullptr, 8, 8, 2}, "out is null");
    refuses({table + 1, ids, out, 4, 8, 2}, "table is not aligned");
    refuses({table, odd, out, 4, 8, 1}, "ids is not aligned");
    refuses({table, ids, out + 2, 4, 8, 2}, "out is not aligned");
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}
TEST_P(GatherFloatRows, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(GatherBf16Rows, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

}  // namespace
}  // namespace t2t
