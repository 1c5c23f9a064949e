#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/lab/diagnose.hpp"

namespace t2t::lab {
namespace {

// Each pattern below must account for every element, not only for the wrong ones: among many
// candidates, some pattern always fits a few elements by chance.

std::optional<Finding> transposed(const Evidence& evidence) {
    const auto [rows, columns] = evidence.expected.extent;
    if (rows < 2 || columns < 2) return std::nullopt;
    bool written = true;  // actual, seen as [columns, rows], is the transpose
    bool read = true;     // expected, seen as [columns, rows], is the transpose
    for (std::int64_t row = 0; row < rows && (written || read); ++row) {
        for (std::int64_t column = 0; column < columns && (written || read); ++column) {
            const std::size_t here = row * columns + column;
            const std::size_t there = column * rows + row;
            written = written && evidence.fits(there, here);
            read = read && evidence.fits(here, there);
        }
    }
    if (!written && !read) return std::nullopt;
    return Finding{
        Cause::transposed, "the output matches the transpose",
        "row and column are exchanged in an index, or the wrong leading dimension is used: "
        "element (row, column) lies at row * columns + column."};
}

/// Whether the value at (row, column) is the one expected at (row + rows_on, column + columns_on),
/// wherever both are inside; the elements at the edge, which have no partner, may hold anything.
bool is_shifted(const Evidence& evidence, std::int64_t rows_on, std::int64_t columns_on) {
    const auto [rows, columns] = evidence.expected.extent;
    const std::int64_t row_end = std::min(rows, rows - rows_on);
    const std::int64_t column_end = std::min(columns, columns - columns_on);
    std::size_t explained = 0;
    for (std::int64_t row = std::max<std::int64_t>(0, -rows_on); row < row_end; ++row) {
        for (std::int64_t column = std::max<std::int64_t>(0, -columns_on); column < column_end;
             ++column) {
            const std::size_t here = row * columns + column;
            const std::size_t there = (row + rows_on) * columns + column + columns_on;
            if (!evidence.fits(here, there)) return false;
            explained += !evidence.fits(here, here);
        }
    }
    return explained >= 2;
}

std::optional<Finding> shifted(const Evidence& evidence) {
    constexpr std::int64_t farthest = 32;
    const auto [rows, columns] = evidence.expected.extent;
    const auto describe = [](std::int64_t distance, const std::string& unit) {
        const std::string places =
            std::to_string(std::abs(distance)) + " " + unit + (std::abs(distance) == 1 ? "" : "s");
        return Finding{
            Cause::shifted,
            "every value is the one expected " + places + (distance > 0 ? " later" : " earlier"),
            "an index is off by " + places +
                ": look for <= in place of <, a missing or extra - 1, or a base that is one "
                "element, vector or row off."};
    };
    for (std::int64_t distance = 1; distance <= farthest; ++distance) {
        for (const std::int64_t on : {distance, -distance}) {
            if (distance <= columns / 2 && is_shifted(evidence, 0, on)) {
                return describe(on, rows == 1 ? "element" : "column");
            }
            if (distance <= rows / 2 && is_shifted(evidence, on, 0)) return describe(on, "row");
        }
    }
    return std::nullopt;
}

/// A number that people know, and how they write it.
struct NamedNumber {
    double value;
    std::string text;
};

/// What an output may be off by: a small count, one of its own lengths, or such a length's root.
std::vector<NamedNumber> known_factors(Extent extent) {
    std::vector<NamedNumber> known;
    for (int count = 2; count <= 32; ++count) {
        known.push_back({static_cast<double>(count), std::to_string(count)});
    }
    for (const auto& [length, note] : {std::pair(extent.columns, " (the number of columns)"),
                                       std::pair(extent.rows, " (the number of rows)")}) {
        if (length < 2) continue;
        const double value = static_cast<double>(length);
        known.push_back({value, std::to_string(length) + note});
        known.push_back({std::sqrt(value), "sqrt(" + std::to_string(length) + ")" + note});
    }
    return known;
}

Finding describe_factor(double factor, Extent extent) {
    const auto near = [&](double value) {
        return std::abs(std::abs(factor) - value) <= 1e-3 * value;
    };
    const std::string start = std::string("every value is ") + (factor < 0 ? "-" : "");
    if (near(1)) {
        return {Cause::factor, "every value has the wrong sign",
                "the operands of a subtraction are exchanged, or a minus is missing."};
    }
    for (const auto& [value, text] : known_factors(extent)) {
        if (near(value)) {
            return {Cause::factor, start + text + " times the expected one",
                    "each term is added more than once, by several threads or blocks or by a loop, "
                    "or a division is missing."};
        }
        if (near(1 / value)) {
            return {Cause::factor, start + "1/" + text + " of the expected one",
                    "a scale factor is applied twice, or only part of the terms is added."};
        }
    }
    return {Cause::factor, "every value is " + std::to_string(factor) + " times the expected one",
            "a scale factor is missing, applied twice, or the wrong one."};
}

std::optional<Finding> factor(const Evidence& evidence) {
    constexpr std::size_t enough = 3;  // elements; two ratios may agree by chance
    const std::vector<double>& expected = evidence.expected.values;
    const std::vector<double>& actual = evidence.actual.values;
    const auto magnitude = [](double a, double b) { return std::abs(a) < std::abs(b); };
    const auto largest = std::max_element(expected.begin(), expected.end(), magnitude);
    const double ratio = actual[largest - expected.begin()] / *largest;  // NaN fails below

    constexpr double rounding = 1e-6;  // of the ratio itself, which came from rounded values
    std::size_t telling = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double allowed =
            evidence.expected.tolerance.allowed(expected[i]) * (1 + std::abs(ratio)) +
            rounding * std::abs(ratio * expected[i]);
        if (!(std::abs(actual[i] - ratio * expected[i]) <= allowed)) return std::nullopt;
        telling += std::abs(ratio * expected[i]) > 2 * allowed;
    }
    if (telling < enough) return std::nullopt;
    return describe_factor(ratio, evidence.expected.extent);
}

/// Whether every group of `group` neighbours holds the right values in some order.
bool is_permuted(const Evidence& evidence, std::size_t group) {
    for (std::size_t begin = 0; begin < evidence.count(); begin += group) {
        const std::size_t end = std::min(begin + group, evidence.count());
        std::vector<double> expected(evidence.expected.values.begin() + begin,
                                     evidence.expected.values.begin() + end);
        std::vector<double> actual(evidence.actual.values.begin() + begin,
                                   evidence.actual.values.begin() + end);
        std::sort(expected.begin(), expected.end());
        std::sort(actual.begin(), actual.end());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (!evidence.expected.tolerance.accepts(expected[i], actual[i])) return false;
        }
    }
    return true;
}

std::optional<Finding> permuted(const Evidence& evidence) {
    const auto is_nan = [](double value) { return std::isnan(value); };
    const auto has_nan = [&](const std::vector<double>& values) {
        return std::any_of(values.begin(), values.end(), is_nan);
    };
    if (has_nan(evidence.actual.values) || has_nan(evidence.expected.values)) return std::nullopt;

    const std::array<std::pair<std::size_t, const char*>, 3> groups{
        {{32, "the right values in the wrong order, within groups of 32 (one warp)"},
         {evidence.expected.extent.columns, "the right values in the wrong order, within each row"},
         {evidence.count(), "the right values, in the wrong places"}}};
    for (const auto& [group, pattern] : groups) {
        if (is_permuted(evidence, group)) {
            return Finding{
                Cause::permuted, pattern,
                "the index written does not belong to the index read: check lane and thread "
                "arithmetic, and swizzles, which must be the same on both sides."};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Finding> explain_values(const Evidence& evidence) {
    for (const auto explain : {transposed, shifted, factor, permuted}) {
        if (auto finding = explain(evidence)) return finding;
    }
    return std::nullopt;
}

}  // namespace t2t::lab
