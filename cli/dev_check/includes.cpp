#include "cli/dev_check/includes.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "cli/dev_check/chapters.hpp"
#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

// From the ground up: a folder includes its own files and those of the folders before it. Nothing
// includes tests, exercises or solutions.
constexpr std::array layers{"common", "chapters", "model", "cli"};

std::string_view top_folder(std::string_view path) {
    return path.substr(0, path.find('/'));
}

// The layer's height; layers.size() for tests, exercises and solutions, which stand on all of them.
std::size_t height(std::string_view folder) {
    return std::ranges::find(layers, folder) - layers.begin();
}

bool is_on_top(std::string_view folder) {
    return folder == "tests" || folder == "exercises" || folder == "solutions";
}

struct Include {
    std::string from;  // the file
    std::size_t line;
    std::string to;  // what stands between the quotes
};

// The CPU device's CUDA headers are found through the include path, as a toolkit's are.
bool is_served_as_cuda(const std::string& path) {
    return path.starts_with("common/cpu_device/include/");
}

std::vector<Include> quoted_includes(const Tree& tree) {
    std::vector<Include> includes;
    for (const auto& [path, file] : tree) {
        if (!is_cpp(path) || is_served_as_cuda(path)) continue;
        const std::string code = without_comments(file.text);  // literals keep their places
        const auto lines = lines_of(file.text);
        const auto code_lines = lines_of(code);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string_view line = trimmed(lines[i]);
            if (!trimmed(code_lines[i]).starts_with("#include \"")) continue;
            const std::size_t open = line.find('"');
            const std::size_t close = line.find('"', open + 1);
            includes.push_back({path, i + 1, std::string(line.substr(open + 1, close - open - 1))});
        }
    }
    return includes;
}

}  // namespace

Findings include_arrows(const Tree& tree) {
    Findings findings;
    for (const Include& include : quoted_includes(tree)) {
        const std::string_view from = top_folder(include.from);
        const std::string_view to = top_folder(include.to);
        if (!tree.contains(include.to)) {
            findings.push_back({include.from, include.line,
                                "no file '" + include.to +
                                    "' at the repository's root; write includes from the root"});
        } else if (is_on_top(to) ? from != to : height(to) > height(from)) {
            findings.push_back({include.from, include.line,
                                std::string(from) + "/ includes " + include.to +
                                    "; includes run cli, model, chapters, common, never back"});
        }
    }
    return findings;
}

Findings private_headers(const Tree& tree) {
    Findings findings;
    for (const Include& include : quoted_includes(tree)) {
        for (const ChapterFolder& chapter : chapters_of(tree)) {
            const std::string folder = chapter.path + '/';
            if (!include.to.starts_with(folder) || include.from.starts_with(folder)) continue;
            if (include.to == chapter.header()) continue;
            findings.push_back(
                {include.from, include.line,
                 include.to + " is private to its chapter; include " + chapter.header()});
        }
        const bool learner = include.from.starts_with("exercises/");
        if (learner && include.to.starts_with("common/cpu_device/")) {
            findings.push_back({include.from, include.line,
                                include.to + " is the CPU device's own; include CUDA's headers"});
        }
    }
    return findings;
}

Findings common_names_no_chapter(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!path.starts_with("common/")) continue;
        std::size_t number = 0;
        for (const std::string_view line : lines_of(file.text)) {
            ++number;
            if (line.find("chapters/") == std::string_view::npos) continue;
            findings.push_back({path, number,
                                "names a chapter; common/ stands below them all: let the chapter "
                                "pass in what is needed"});
        }
    }
    return findings;
}

}  // namespace t2t::dev_check
