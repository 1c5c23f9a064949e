#include "cli/profile/ncu.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "cli/doctor.hpp"
#include "cli/profile/toolkit.hpp"
#include "common/process/child_process.hpp"

namespace t2t::profile {
namespace {

using Cells = std::vector<std::string>;

/// One line of CSV: cells in quotes, a quote inside doubled.
Cells cells_of(std::string_view line) {
    Cells cells;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            cells.back() += line[++i];
        } else if (line[i] == '"') {
            quoted = !quoted;
            if (quoted) cells.emplace_back();
        } else if (quoted) {
            cells.back() += line[i];
        }
    }
    return cells;
}

/// `1,048,576` and `3.5e-05` as numbers; nothing for `n/a`.
std::optional<double> number_in(std::string text) {
    std::erase(text, ',');
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
}

/// What one of ncu's units is in bytes, nanoseconds or whatever the metric counts.
double scale_of(std::string_view unit) {
    struct Scaled {
        std::string_view unit;
        double scale;
    };
    constexpr auto scales = std::to_array<Scaled>({{"Kbyte", 1e3},
                                                   {"Mbyte", 1e6},
                                                   {"Gbyte", 1e9},
                                                   {"Tbyte", 1e12},
                                                   {"us", 1e3},
                                                   {"usecond", 1e3},
                                                   {"ms", 1e6},
                                                   {"msecond", 1e6},
                                                   {"s", 1e9},
                                                   {"second", 1e9}});
    const auto found = std::ranges::find(scales, unit, &Scaled::unit);
    return found == scales.end() ? 1 : found->scale;
}

/// The product of the numbers in `(256, 4, 1)`.
std::int64_t volume(const std::string& size) {
    std::istringstream numbers(size.substr(std::min(size.find('(') + 1, size.size())));
    std::int64_t product = 1, factor = 0;
    for (char comma = 0; numbers >> factor; numbers >> comma) product *= factor;
    return product;
}

Kernel kernel_of(const Cells& names, const Cells& units, const Cells& row,
                 const MetricNames& asked) {
    Kernel kernel;
    for (std::size_t i = 0; i < row.size() && i < names.size(); ++i) {
        if (names[i] == "Kernel Name") {
            kernel.symbol = row[i];
            kernel.name = plain_kernel_name(row[i]);
        } else if (names[i] == "Block Size") {
            kernel.launch.threads = volume(row[i]);
        } else if (names[i] == "Grid Size") {
            kernel.launch.blocks = volume(row[i]);
        } else if (asked.contains(names[i]) || find_metric(names[i]) != nullptr) {
            const auto value = number_in(row[i]);
            const double scale = i < units.size() ? scale_of(units[i]) : 1;
            if (value) kernel.metrics[names[i]] = *value * scale;
        }
    }
    return kernel;
}

/// The first line that holds `part`; empty when there is none.
std::string line_with(const std::string& text, std::string_view part) {
    const std::size_t found = text.find(part);
    if (found == std::string::npos) return "";
    const std::size_t begin = text.rfind('\n', found) + 1;  // npos + 1 is 0
    return text.substr(begin, text.find('\n', found) - begin);
}

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

}  // namespace

MetricNames metrics_asked(std::string_view script) {
    std::istringstream lines{std::string(script)};
    MetricNames names;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line == "metrics=(") {
            inside = true;
        } else if (line == ")") {
            inside = false;
        } else if (inside) {
            std::istringstream words(line.substr(0, line.find('#')));
            for (std::string word; words >> word;) names.insert(word);
        }
    }
    return names;
}

std::vector<Kernel> parse_ncu(std::string_view text, const MetricNames& asked) {
    std::istringstream lines{std::string(text)};
    std::vector<Kernel> kernels;
    Cells names, units;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("\"ID\",\"Process ID\"")) {
            names = cells_of(line);
            units.clear();
        } else if (!names.empty() && units.empty() && line.starts_with("\"\",")) {
            units = cells_of(line);
        } else if (!names.empty() && line.starts_with('"')) {
            kernels.push_back(kernel_of(names, units, cells_of(line), asked));
        }
    }
    std::erase_if(kernels, [](const Kernel& kernel) { return kernel.metrics.empty(); });
    return kernels;
}

std::string why_no_metrics(const std::string& text, int status) {
    if (text.find("ERR_NVGPUCTRPERM") != std::string::npos) {
        // No full stop: the sentence ends in a command to copy.
        return "ncu is there, but " + std::string(cli::counters_advice);
    }
    if (status == 127) {
        return "ncu is not found; install Nsight Compute, which is part of the CUDA Toolkit.";
    }
    if (text.find("No kernels were profiled") != std::string::npos) {
        return "ncu saw no kernel of the name that profile.sh asks for.";
    }
    for (const std::string_view mark : {"==ERROR==", "profile.sh:"}) {
        if (const std::string line = line_with(text, mark); !line.empty()) {
            return "ncu gave no metrics and says: " + line;
        }
    }
    return "profile.sh gave no metrics and ended with exit code " + std::to_string(status) +
           "; run it by hand to see what it prints.";
}

NcuAnswer ask_ncu(const std::filesystem::path& script, const std::string& rung) {
    if (!std::filesystem::exists(script)) {
        return {{}, "This chapter has no profile.sh, so ncu was not asked."};
    }
    const std::string lines = text_of(script);
    if (lines.find("profile_with_ncu.sh") == std::string::npos) {
        return {{},
                "This chapter's profile.sh does not call ncu, which sees kernels and no "
                "copies; run the script itself to see what it shows."};
    }
    // Base units, so that nothing is rounded to Gbyte; mangled names, which cuobjdump asks for.
    const process::Output output = process::run(
        with_toolkit(process::shell_word(script.string()) + ' ' + process::shell_word(rung) +
                     " --csv --page raw --print-units base --print-kernel-base mangled") +
        " 2>&1");
    NcuAnswer answer{parse_ncu(output.text, metrics_asked(lines))};
    if (answer.kernels.empty()) answer.why_not = why_no_metrics(output.text, output.status);
    return answer;
}

}  // namespace t2t::profile
