/// @file
/// Numbers and columns of text for a terminal of 100 columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace t2t::rung_check {

/// Columns that a line of output may take.
constexpr std::size_t terminal_columns = 100;

/// `32,768`.
std::string count(std::uint64_t value);
/// `8.39 MB` for (8388608, "B"): three digits and a decimal prefix.
std::string amount(double value, const std::string& unit);
/// `12.5 %` for 0.125, `100 %` for 1: no digit that says nothing.
std::string percent(double fraction);
/// `1 launch`, `2 launches`; the word is made plural by adding `plural`.
std::string counted(std::uint64_t number, const std::string& word, const std::string& plural = "s");

/// `text`, or as much of its start as leaves room for `…` in `columns`.
std::string cut(const std::string& text, std::size_t columns);
/// `text` with lines broken at blanks so that none is longer than terminal_columns, where it has blanks
/// to break at; what is broken off stands two columns further in than the line it belongs to.
std::string wrapped(const std::string& text);
/// `text` without blanks at its ends.
std::string trimmed(const std::string& text);

/// Rows of cells under headings, each column as wide as its widest cell.
class Table {
 public:
    /// @param headings one per column; a column whose heading starts with `>` is aligned to the right
    explicit Table(const std::vector<std::string>& headings);
    /// Adds a row; missing cells at its end are empty.
    void add(std::vector<std::string> cells);
    /// The table as lines, none longer than terminal_columns: column `elastic` is cut to fit.
    std::string text(std::size_t elastic) const;

 private:
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;  // the headings first
};

}  // namespace t2t::rung_check
