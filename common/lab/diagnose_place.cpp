#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "common/lab/diagnose.hpp"

namespace t2t::lab {
namespace {

/// Whether all wrong elements lie in rows from `row_begin` on or in columns from `column_begin` on,
/// and fill at least half of that region.
bool fills_edge(const Evidence& evidence, std::int64_t row_begin, std::int64_t column_begin) {
    const std::int64_t rows = evidence.expected.extent.rows;
    const std::int64_t columns = evidence.expected.extent.columns;
    const std::size_t region = rows * columns - row_begin * column_begin;
    if (evidence.wrong.size() * 2 < region) return false;
    return std::all_of(evidence.wrong.begin(), evidence.wrong.end(), [&](std::size_t offset) {
        const std::int64_t at = static_cast<std::int64_t>(offset);
        return at / columns >= row_begin || at % columns >= column_begin;
    });
}

std::optional<Finding> tail(const Evidence& evidence) {
    constexpr std::int64_t largest_tile = 1024;
    const auto [rows, columns] = evidence.expected.extent;
    const char* advice =
        "the guard for the last, partial tile is missing or wrong, or the elements after the last "
        "whole vector are left out.";
    const auto from = [](const std::string& unit, std::int64_t begin) {
        return " (" + unit + " " + std::to_string(begin) + " on)";
    };
    for (std::int64_t tile = 2; tile <= largest_tile; tile *= 2) {
        const std::int64_t row = rows - rows % tile;           // where the partial tile begins
        const std::int64_t column = columns - columns % tile;  // and in the other direction
        const bool row_tail = row > 0 && row < rows;
        const bool column_tail = column > 0 && column < columns;
        if (column_tail && fills_edge(evidence, rows, column)) {
            return Finding{Cause::tail,
                           rows == 1 ? "all in the last tile" + from("element", column)
                                     : "all in the last tile of columns" + from("column", column),
                           advice};
        }
        if (row_tail && fills_edge(evidence, row, columns)) {
            return Finding{Cause::tail, "all in the last tile of rows" + from("row", row), advice};
        }
        if (row_tail && column_tail && fills_edge(evidence, row, column)) {
            return Finding{Cause::tail,
                           "all in the last tiles of rows" + from("row", row) + " and of columns" +
                               from("column", column),
                           advice};
        }
    }
    return std::nullopt;
}

std::optional<Finding> only_first(const Evidence& evidence) {
    const std::size_t right = evidence.wrong.front();
    if (right == 0 || evidence.wrong.size() != evidence.count() - right) return std::nullopt;
    return Finding{
        Cause::only_first, "only the first " + std::to_string(right) + " are right",
        "the grid covers only part of the output: blocks are rounded down in place of up, the "
        "loop over the rest is missing, or its stride is wrong."};
}

/// The distance n ≥ 2 at which `offsets` follow one another to the end of the output; 0 when there
/// is none.
std::size_t period(const std::vector<std::size_t>& offsets, std::size_t count) {
    constexpr std::size_t enough = 3;  // two offsets always have one distance
    if (offsets.size() < enough) return 0;
    std::size_t distance = 0;
    for (std::size_t i = 1; i < offsets.size(); ++i) {
        distance = std::gcd(distance, offsets[i] - offsets[i - 1]);
    }
    if (distance < 2) return 0;
    const std::size_t members = (count - 1 - offsets.front()) / distance + 1;
    return offsets.size() * 2 >= members ? distance : 0;
}

/// `n` with its English ending: 1st, 2nd, 3rd, 4th, 11th, 33rd.
std::string ordinal(std::size_t n) {
    const std::size_t last = n % 100 >= 11 && n % 100 <= 13 ? 0 : n % 10;
    return std::to_string(n) + (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

std::optional<Finding> every_nth(const Evidence& evidence) {
    const std::size_t columns = evidence.expected.extent.columns;
    const auto describe = [&](std::size_t distance, std::size_t first) {
        std::string text = ordinal(distance) + " element, from " + std::to_string(first) + " on";
        if (distance == columns) text += " (column " + std::to_string(first) + " of each row)";
        return text;
    };
    if (const std::size_t distance = period(evidence.wrong, evidence.count())) {
        return Finding{
            Cause::every_nth, "every " + describe(distance, evidence.wrong.front()),
            "one lane, one element of a vector, or one step of a loop is skipped or goes wrong: "
            "look for what repeats every " +
                std::to_string(distance) + " elements."};
    }
    std::vector<std::size_t> right;
    for (std::size_t i = 0, next = 0; i < evidence.count(); ++i) {
        if (next < evidence.wrong.size() && evidence.wrong[next] == i) {
            ++next;
        } else {
            right.push_back(i);
        }
    }
    if (const std::size_t distance = period(right, evidence.count())) {
        return Finding{
            Cause::only_every_nth, "all but every " + describe(distance, right.front()),
            "one lane or one element of each vector is handled and the others are not: look for "
            "what repeats every " +
                std::to_string(distance) + " elements."};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Finding> explain_place(const Evidence& evidence) {
    for (const auto explain : {tail, only_first, every_nth}) {
        if (auto finding = explain(evidence)) return finding;
    }
    return std::nullopt;
}

}  // namespace t2t::lab
