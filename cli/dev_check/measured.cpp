#include "cli/dev_check/measured.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "cli/dev_check/chapters.hpp"
#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

// The devices that numbers come from so far. A result from another GPU adds its name here.
constexpr std::array devices{"CPU device", "H200",     "H100", "A100",
                             "RTX 4090",   "RTX 3090", "L4",   "T4"};

// Units that only a clock can give.
constexpr std::array units{"ms", "µs", "ns", "GB/s", "TB/s", "GFLOP/s", "TFLOP/s"};

bool names_device(std::string_view text) {
    return std::ranges::any_of(
        devices, [&](std::string_view device) { return find_word(text, device) != npos; });
}

bool has_unit(std::string_view table_head) {
    return std::ranges::any_of(
        units, [&](std::string_view unit) { return find_word(table_head, unit) != npos; });
}

std::string without_device_names(std::string text) {
    for (const std::string_view device : devices) {
        for (std::size_t at = text.find(device); at != npos; at = text.find(device, at)) {
            text.erase(at, device.size());
        }
    }
    return text;
}

// What follows `/// Measured`, with its continuation lines; `line` is where it starts, 0 when absent.
std::string measured_text(std::string_view file, std::size_t& line) {
    std::string text;
    line = 0;
    std::size_t number = 0;
    for (const std::string_view comment : lines_of(file)) {
        ++number;
        if (!comment.starts_with("///")) break;
        if (comment.starts_with("/// Measured")) line = number;
        if (line != 0) text.append(comment.substr(3)) += ' ';
    }
    return text;
}

bool is_table_row(std::string_view line) {
    return trimmed(line).starts_with('|');
}

bool is_page_with_measurements(std::string_view path) {
    return path == "README.md" || (path.starts_with("chapters/") && path.ends_with("/README.md"));
}

}  // namespace

Findings rung_measurements(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_rung(path)) continue;
        std::size_t line = 0;
        const std::string text = measured_text(file.text, line);
        if (line == 0) continue;  // the rule for headers says so
        if (find_word(text, "pending") != npos) {
            findings.push_back(
                {path, line, "the measurement is pending; measure and write it down"});
        } else if (!names_device(text)) {
            findings.push_back(
                {path, line, "'Measured' names no device; say H200, or which GPU, or CPU device"});
        } else if (!has_digit(without_device_names(text))) {
            findings.push_back(
                {path, line, "'Measured' holds no figure; quote the measured number"});
        }
    }
    return findings;
}

Findings measured_tables(const Tree& tree) {
    constexpr std::size_t reach = 3;  // lines before and after the table
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_page_with_measurements(path)) continue;
        const auto lines = lines_of(file.text);
        for (std::size_t begin = 0; begin < lines.size(); ++begin) {
            if (!is_table_row(lines[begin])) continue;
            std::size_t end = begin;
            while (end < lines.size() && is_table_row(lines[end])) ++end;

            const auto first = lines.begin() + (begin - std::min(begin, reach));
            const auto last = lines.begin() + std::min(end + reach, lines.size());
            const bool named = std::any_of(first, lines.begin() + begin + 1, names_device) ||
                               std::any_of(lines.begin() + end, last, names_device);
            if (has_unit(lines[begin]) && !named) {
                findings.push_back({path, begin + 1,
                                    "the table has measured columns and names no device; say near "
                                    "it on which GPU, or on the CPU device, it was measured"});
            }
            begin = end;
        }
    }
    return findings;
}

}  // namespace t2t::dev_check
