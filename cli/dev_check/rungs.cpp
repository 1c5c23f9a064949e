#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "cli/dev_check/chapters.hpp"
#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::array labels{"Idea", "Changed", "Expect", "Measured"};

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
    return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

// Does `name` carry on where `stem` ends: `padded_tail` and `padded`?
bool continues(std::string_view name, std::string_view stem) {
    return name.starts_with(stem) && (name.size() == stem.size() || name[stem.size()] == '_');
}

// One `Rung<Type>{"name", launcher, …}` of a ladder.
struct Entry {
    std::string path;
    std::size_t line;
    std::string name;      // between the quotes
    std::string launcher;  // without the namespaces before it
};

void add_entries(std::vector<Entry>& entries, const std::string& path, std::string_view text) {
    const std::string code = without_comments(text);  // literals are blank, and keep their places
    for (std::size_t at = find_word(code, "Rung"); at != npos;
         at = find_word(code, "Rung", at + 1)) {
        const std::size_t brace = code.find_first_of("{;", at);
        if (brace == npos || code[brace] == ';') continue;
        const std::size_t open = code.find_first_not_of(" \n", brace + 1);
        if (open == npos || code[open] != '"') continue;
        const std::size_t close = code.find('"', open + 1);
        const std::size_t comma = code.find(',', close);
        const std::size_t end = code.find_first_of(",}<", comma + 1);  // `<`: template arguments
        if (close == npos || comma == npos || end == npos) continue;
        const std::string_view launcher =
            trimmed(std::string_view(code).substr(comma + 1, end - comma - 1));
        entries.push_back({path, line_at(text, at),
                           std::string(text.substr(open + 1, close - open - 1)),
                           std::string(launcher.substr(launcher.rfind(':') + 1))});
    }
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
            if (line.starts_with("/// " + std::string(labels[next]) + ' ')) ++next;
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
            // Moving bytes between host and device takes a copy, not a kernel.
            if (find_word(without_comments(file.text), "cudaMemcpyAsync") == npos) {
                findings.push_back(
                    {path, 1, "has no __global__ function; a rung shows its kernel, or its copy"});
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
            findings.push_back({path, function.line,
                                "'" + function.name +
                                    "' is public and not the launcher; move it into the unnamed "
                                    "namespace"});
        }
        if (!found) {
            findings.push_back({path, 1,
                                "defines no launcher '" + std::string(stem_of(path)) +
                                    "'; launcher and file share the rung's name"});
        }
    }
    return findings;
}

Findings ladder_entries(const Tree& tree) {
    Findings findings;
    for (const ChapterFolder& chapter : chapters_of(tree)) {
        std::vector<Entry> entries;
        std::map<std::string, std::string, std::less<>> files;  // rung to path
        for (const auto& [path, file] : tree) {
            if (!path.starts_with(chapter.path + '/')) continue;
            if (path.ends_with(".cuh")) add_entries(entries, path, file.text);
            if (is_rung(path)) files.emplace(stem_of(path), path);
        }
        std::map<std::string, int> times;
        for (const Entry& entry : entries) {
            if (entry.name != entry.launcher) {
                findings.push_back({entry.path, entry.line,
                                    "the rung '" + entry.name + "' runs '" + entry.launcher +
                                        "'; a rung is called like its launcher"});
            }
            if (!files.contains(entry.name)) {
                findings.push_back({entry.path, entry.line,
                                    "the rung '" + entry.name + "' has no file " + entry.name +
                                        ".cu; add it, or take the rung out"});
            }
            if (++times[entry.name] == 2) {
                findings.push_back(
                    {entry.path, entry.line,
                     "the rung '" + entry.name + "' stands twice in the ladders; keep one"});
            }
        }
        for (const auto& [rung, path] : files) {
            if (times.contains(rung)) continue;
            findings.push_back({path, 1,
                                "the rung is in no ladder; add Rung{\"" + rung + "\", " + rung +
                                    ", …} to " + chapter.header()});
        }
    }
    return findings;
}

}  // namespace t2t::dev_check
