#include "model/engine/trace.hpp"

#include <cstdint>
#include <map>
#include <string_view>

#include "chapters/chapters.hpp"
#include "chapters/ladders.hpp"
#include "common/text.hpp"

namespace t2t::model {
namespace {

std::string shape_label(const std::vector<std::int64_t>& shape) {
    std::string label;
    for (const std::int64_t size : shape) {
        if (!label.empty()) label += "×";
        label += std::to_string(size);
    }
    return label;
}

/// The chapter whose ladder an operation has.
int chapter_of(std::string_view operation) {
    for (const Chapter& chapter : chapters()) {
        for (const LadderEntry& ladder : ladders_of(chapter.number)) {
            if (ladder.operation == operation) return chapter.number;
        }
    }
    return 0;
}

}  // namespace

std::string describe(const std::vector<TraceEntry>& entries, double copy_gb_s) {
    double total = 0;
    std::map<int, double> shares;
    for (const TraceEntry& entry : entries) {
        total += entry.microseconds;
        shares[chapter_of(entry.operation)] += entry.microseconds;
    }

    std::string text =
        "op                   chapter  rung                          shape                        µs"
        "        bytes  % of roof\n";
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const TraceEntry& entry = entries[i];
        const bool is_chain = i + 1 < entries.size() && entries[i + 1].depth > entry.depth;
        const std::string name(2 * static_cast<std::size_t>(entry.depth), ' ');
        text += formatted("%-19s  %-7s  %-28s  ", (name + std::string(entry.operation)).c_str(),
                          formatted("%02d", chapter_of(entry.operation)).c_str(),
                          std::string(entry.rung).c_str());
        text += padded(shape_label(entry.sizes), 20);
        text += formatted("  %8.1f  %11.0f", entry.microseconds, entry.work.bytes);
        // What a chain moves is moved by what it runs.
        if (copy_gb_s > 0 && entry.microseconds > 0 && !is_chain) {
            text += formatted("  %8.1f%%",
                              100 * entry.work.bytes / entry.microseconds / 1e3 / copy_gb_s);
        }
        text += '\n';
    }

    text +=
        formatted("\nchapter                share of the token (%.1f µs in all, %zu operations)\n",
                  total, entries.size());
    for (const auto& [chapter, microseconds] : shares) {
        const Chapter& entry = chapters()[static_cast<std::size_t>(chapter - 1)];
        text += formatted("%-22s %5.1f %%\n", entry.folder().c_str(), 100 * microseconds / total);
    }
    return text;
}

}  // namespace t2t::model
