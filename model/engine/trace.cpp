#include "model/engine/trace.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "chapters/chapters.hpp"

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

// printf counts bytes; × has two of them and takes one column.
std::string padded(const std::string& text, std::size_t width) {
    const auto columns = static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
    return text + std::string(columns < width ? width - columns : 0, ' ');
}

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    char line[200];
    std::snprintf(line, sizeof line, format, values...);
    return line;
}

}  // namespace

void Trace::begin(cudaStream_t stream) {
    starts_.emplace_back().record(stream);
}

void Trace::end(cudaStream_t stream, Launch launch) {
    ends_.emplace_back().record(stream);
    launches_.push_back(std::move(launch));
}

std::vector<Launch> Trace::finish() {
    for (std::size_t i = 0; i < launches_.size(); ++i) {
        launches_[i].microseconds = 1e3 * double{milliseconds_between(starts_[i], ends_[i])};
    }
    return launches_;
}

std::string describe(const std::vector<Launch>& launches, double copy_gb_s) {
    double total = 0;
    std::map<int, double> chapters;
    for (const Launch& launch : launches) {
        total += launch.microseconds;
        chapters[launch.chapter] += launch.microseconds;
    }

    std::string text =
        "op                 chapter  rung                          shape                        µs"
        "        bytes  % of roof\n";
    for (const Launch& launch : launches) {
        text +=
            formatted("%-17s  %-7s  %-28s  ", std::string(launch.operation).c_str(),
                      formatted("%02d", launch.chapter).c_str(), std::string(launch.rung).c_str());
        text += padded(shape_label(launch.shape), 20);
        text += formatted("  %8.1f  %11.0f", launch.microseconds, launch.bytes);
        if (copy_gb_s > 0 && launch.microseconds > 0) {
            text +=
                formatted("  %8.1f%%", 100 * launch.bytes / launch.microseconds / 1e3 / copy_gb_s);
        }
        text += '\n';
    }

    text +=
        formatted("\nchapter                share of the token (%.1f µs in all, %zu launches)\n",
                  total, launches.size());
    for (const auto& [chapter, microseconds] : chapters) {
        const Chapter& entry = t2t::chapters()[static_cast<std::size_t>(chapter - 1)];
        text += formatted("%-22s %5.1f %%\n", entry.folder().c_str(), 100 * microseconds / total);
    }
    return text;
}

}  // namespace t2t::model
