/// @file
/// Lines of a test's own source: what a report has to name.
#pragma once

#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

namespace t2t::observer {

/// The lines of the definition of `function` that contain `text`.
/// @param file where it stands, from the project's root: the caller's __FILE__
/// @throws std::runtime_error when there is no such file or function
inline std::set<int> lines_with(const std::string& text, const std::string& function,
                                const std::string& file) {
    std::ifstream source(file);
    if (!source) throw std::runtime_error("cannot read " + file + "; run from the project's root");
    std::set<int> lines;
    bool inside = false;
    std::string line;
    for (int number = 1; std::getline(source, line); ++number) {
        if (line.find(" " + function + "(") != std::string::npos) inside = true;
        if (inside && line.find(text) != std::string::npos) lines.insert(number);
        if (inside && line == "}") return lines;
    }
    throw std::runtime_error("found no " + function + " in " + file);
}

/// The line of a file that ends with the comment `comment`; 0 when not exactly one does.
inline int line_with(const std::string& comment, const std::string& file) {
    std::ifstream source(file);
    if (!source) throw std::runtime_error("cannot read " + file + "; run from the project's root");
    int found = 0;
    std::string line;
    for (int number = 1; std::getline(source, line); ++number) {
        if (!line.ends_with(" " + comment)) continue;
        if (found != 0) return 0;
        found = number;
    }
    return found;
}

}  // namespace t2t::observer
