#include "cli/check/columns.hpp"

#include <algorithm>
#include <sstream>

#include "common/text.hpp"

namespace t2t::rung_check {

std::string count(std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

std::string amount(double value, const std::string& unit) {
    const char* prefixes[] = {"", "k", "M", "G", "T"};
    int prefix = 0;
    for (; value >= 999.5 && prefix < 4; ++prefix) value /= 1000;
    const int digits = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : 2;
    // Bytes and operations come whole.
    return formatted("%.*f %s", prefix == 0 ? 0 : digits, value, prefixes[prefix]) + unit;
}

std::string percent(double fraction) {
    const double value = 100 * fraction;
    const bool whole = value >= 99.95 || formatted("%.1f", value).ends_with(".0");
    return formatted(whole ? "%.0f %%" : "%.1f %%", value);
}

std::string counted(std::uint64_t number, const std::string& word, const std::string& plural) {
    return count(number) + ' ' + word + (number == 1 ? "" : plural);
}

std::string cut(const std::string& text, std::size_t columns) {
    if (width(text) <= columns) return text;
    if (columns == 0) return "";
    std::string kept;
    std::size_t characters = 0;
    for (const char byte : text) {
        if (starts_character(byte) && ++characters == columns) break;
        kept += byte;
    }
    return kept + "…";
}

std::string wrapped(const std::string& text) {
    std::string result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::string indent(std::min(line.find_first_not_of(' '), line.size()), ' ');
        std::istringstream words(line);
        std::string row = indent;
        bool is_empty = true;
        for (std::string word; words >> word; is_empty = false) {
            if (!is_empty && width(row) + 1 + width(word) > terminal_columns) {
                result += row + '\n';
                row = indent + "  " + word;
            } else {
                row += (is_empty ? "" : " ") + word;
            }
        }
        result += row + '\n';
    }
    return result;
}

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Table::Table(const std::vector<std::string>& headings) {
    std::vector<std::string> names;
    for (const std::string& heading : headings) {
        right_.push_back(heading.starts_with('>'));
        names.push_back(heading.substr(right_.back() ? 1 : 0));
    }
    rows_.push_back(std::move(names));
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(right_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t elastic) const {
    std::vector<std::size_t> widths(right_.size());
    for (const auto& row : rows_) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
    }
    std::size_t others = 2 * (widths.size() - 1);  // two blanks between columns
    for (std::size_t c = 0; c < widths.size(); ++c) others += c == elastic ? 0 : widths[c];
    const std::size_t room = terminal_columns > others ? terminal_columns - others : 0;
    widths[elastic] = std::min(widths[elastic], std::max<std::size_t>(room, 8));

    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            line += (c > 0 ? "  " : "") + padded(cut(row[c], widths[c]), widths[c], right_[c]);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

}  // namespace t2t::rung_check
