#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "cli/dev_check/chapters.hpp"
#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

constexpr std::array labels{"Idea", "Changed", "Expect", "Measured"};
constexpr std::size_t changed = 1;  // its place in `labels`

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
    return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

// Does `name` carry on where `stem` ends: `padded_tail` and `padded`?
bool continues(std::string_view name, std::string_view stem) {
    return name.starts_with(stem) && (name.size() == stem.size() || name[stem.size()] == '_');
}

// Does the code call `run(…)`, or a function like `run_linear(…)` that stands for it? So does a rung that is
// a chain of other operations.
bool runs_operations(std::string_view code) {
    for (std::size_t at = code.find("run"); at != npos; at = code.find("run", at + 1)) {
        const auto is_part_of_a_word = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        };
        if (at > 0 && is_part_of_a_word(code[at - 1])) continue;
        std::size_t end = at;
        while (end < code.size() && is_part_of_a_word(code[end])) ++end;
        if (continues(code.substr(at, end - at), "run") && code.substr(end).starts_with('(')) {
            return true;
        }
    }
    return false;
}

}  // namespace

int rung_number(std::string_view path) {
    const std::string_view stem = stem_of(path);
    if (!path.starts_with("chapters/") || !path.ends_with(".cu") || !stem.starts_with('v'))
        return 0;
    int number = 0;
    std::size_t i = 1;
    while (i < stem.size() && std::isdigit(static_cast<unsigned char>(stem[i]))) {
        number = 10 * number + (stem[i++] - '0');
    }
    return i < stem.size() && stem[i] == '_' ? number : 0;
}

Findings rung_headers(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_rung(path)) continue;
        const auto lines = lines_of(file.text);
        const std::string title = "/// Rung " + std::to_string(rung_number(path)) + ": ";
        const bool titled =
            !lines.empty() && lines[0].starts_with(title) && lines[0].ends_with('.');
        if (!titled) {
            findings.push_back(
                {path, 1, "does not start with '" + title + "title.'; name the rung"});
        }
        std::size_t next = 0;  // the label that is due
        for (const std::string_view line : lines) {
            if (!line.starts_with("///") || next == labels.size()) break;
            const auto is = [&](std::size_t label) {
                return line.starts_with("/// " + std::string(labels[label]) + ' ');
            };
            // Below the first rung there is nothing that could have changed.
            if (next == changed && rung_number(path) == 1 && is(changed + 1)) ++next;
            if (is(next)) ++next;
        }
        if (next < labels.size()) {
            findings.push_back(
                {path, 1,
                 "the header block has no line '/// " + std::string(labels[next]) +
                     "' in its place; the order is Idea, Changed, Expect, Measured"});
        }
    }
    return findings;
}

Findings rung_kernels(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_rung(path)) continue;
        std::vector<Function> kernels = functions_of(file.text);
        std::erase_if(kernels, [](const Function& function) { return !function.is_kernel; });
        if (kernels.empty()) {
            // Moving bytes between host and device takes a copy, and a chain runs others' kernels.
            const std::string code = without_comments(file.text);
            if (find_word(code, "cudaMemcpyAsync") == npos && !runs_operations(code)) {
                findings.push_back({path, 1,
                                    "has no __global__ function; a rung shows its kernel, its "
                                    "copy, or the operations that it runs"});
            }
            continue;
        }
        const auto shortest = std::ranges::min_element(
            kernels, {}, [](const Function& kernel) { return kernel.name.size(); });
        const std::string stem(without_suffix(shortest->name, "_kernel"));
        for (const Function& kernel : kernels) {
            if (!kernel.name.ends_with("_kernel")) {
                findings.push_back(
                    {path, kernel.line,
                     "the kernel '" + kernel.name + "' does not end in _kernel; rename it"});
            }
            if (!continues(without_suffix(kernel.name, "_kernel"), stem)) {
                findings.push_back(
                    {path, kernel.line,
                     "'" + kernel.name + "' is a second kernel beside '" + shortest->name +
                         "'; give it a rung of its own, or a name that starts with '" + stem +
                         "_'"});
            }
        }
    }
    return findings;
}

Findings rung_launchers(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_rung(path)) continue;
        bool found = false;
        for (const Function& function : functions_of(file.text)) {
            if (function.is_kernel || function.is_private) continue;
            if (function.name == stem_of(path)) {
                found = true;
                continue;
            }
            if (function.name == std::string(stem_of(path)) + "_workspace") continue;
            findings.push_back({path, function.line,
                                "'" + function.name +
                                    "' is public, and neither the launcher nor its workspace; move "
                                    "it into the unnamed namespace"});
        }
        if (!found) {
            findings.push_back({path, 1,
                                "defines no launcher '" + std::string(stem_of(path)) +
                                    "'; launcher and file share the rung's name"});
        }
    }
    return findings;
}

}  // namespace t2t::dev_check
