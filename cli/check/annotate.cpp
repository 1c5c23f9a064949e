#include "cli/check/annotate.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "cli/check/accesses.hpp"
#include "cli/check/columns.hpp"
#include "cli/check/kernels.hpp"
#include "common/text.hpp"

namespace t2t::rung_check {
namespace {

constexpr int context = 2;  // lines shown before and after one with traffic

struct Column {
    const char* access;  // Access::name
    const char* heading;
};

constexpr std::array columns{
    Column{"global load", "ld sectors"},
    Column{"global store", "st sectors"},
    Column{"global atomic", "atomic rounds"},
    Column{"shared load", "ld passes"},
    Column{"shared store", "st passes"},
    Column{"shared atomic", "sh. atomic rounds"},
    Column{"barrier", "barriers"},
};

using Cells = std::map<std::string, std::string>;  // heading to text

Cells cells(const observer::Traffic& traffic) {
    Cells made;
    std::uint64_t requests = 0;
    for (const Access& access : accesses(traffic)) {
        const auto column = std::ranges::find(columns, access.name, &Column::access);
        if (column == columns.end()) continue;  // shuffles and such take part in no memory
        const bool is_counted = !access.unit.empty();
        made[column->heading] =
            is_counted ? formatted("%.2f", access.each) : count(access.requests);
        if (is_counted) requests += access.requests;
    }
    if (requests > 0) made["requests"] = count(requests);
    if (traffic.flops() > 0) made["FLOP"] = trimmed(amount(double(traffic.flops()), ""));
    return made;
}

/// The listing of one file.
/// @param traffic by line
std::string listing(const std::map<int, observer::Traffic>& traffic,
                    const std::vector<std::string>& source) {
    std::map<int, Cells> rows;
    std::map<std::string, std::size_t> widths;  // of the columns that are in use
    for (const auto& [line, counts] : traffic) {
        Cells made = cells(counts);
        if (made.empty() || line < 1 || line > int(source.size())) continue;
        for (const auto& [heading, text] : made) {
            widths[heading] = std::max({widths[heading], width(heading), width(text)});
        }
        rows[line] = std::move(made);
    }
    std::vector<std::string> headings{"requests"};
    for (const Column& column : columns) headings.push_back(column.heading);
    headings.push_back("FLOP");
    std::erase_if(headings, [&](const std::string& heading) { return !widths.contains(heading); });

    std::string text(4, ' ');
    for (const std::string& heading : headings)
        text += "  " + padded(heading, widths[heading], true);
    text += '\n';
    int shown = 0;  // the last line that has been printed
    for (const auto& entry : rows) {
        int first = std::max(shown + 1, entry.first - context);
        if (shown > 0 && first == shown + 2)
            first = shown + 1;  // one line takes no more room than ⋮
        if (shown > 0 && first > shown + 1) text += "   ⋮\n";
        // Up to where the next line's own context begins, so that no line is printed twice.
        const auto next = rows.upper_bound(entry.first);
        const int end = next == rows.end() ? int(source.size()) : next->first - 1;
        const int last = std::min(entry.first + context, end);
        for (int line = first; line <= last; ++line) {
            text += padded(std::to_string(line), 4, true);
            for (const std::string& heading : headings) {
                const auto row = rows.find(line);
                const std::string cell = row != rows.end() && row->second.contains(heading)
                                             ? row->second.at(heading)
                                             : "";
                text += "  " + padded(cell, widths[heading], true);
            }
            const std::string& code = source[std::size_t(line) - 1];
            text += code.empty() ? " │\n" : " │ " + code + '\n';
        }
        shown = last;
    }
    return text;
}

}  // namespace

std::string annotated(const observer::Report& report, SourceFiles& sources) {
    std::string text;
    for (const auto& [file, traffic] : traffic_by_file(report)) {
        const std::vector<std::string>& source = sources.lines(file);
        if (!source.empty()) text += '\n' + file + '\n' + listing(traffic, source);
    }
    return text;
}

}  // namespace t2t::rung_check
