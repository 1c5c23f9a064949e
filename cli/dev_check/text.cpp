#include "cli/dev_check/text.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

// Written apart, or this very file would be found.
constexpr std::array marks{
    "TO"
    "DO",
    "FIX"
    "ME",
    "XX"
    "X",
    "HA"
    "CK"};

bool is_source(std::string_view path) {
    return is_cpp(path) || path.ends_with(".sh") || path.ends_with(".py") ||
           path.ends_with(".cmake") || name_of(path) == "CMakeLists.txt" || path == "t2t";
}

bool is_text(const File& file) {
    return file.text.find('\0') == npos;
}

bool is_weights(std::string_view path) {
    return path.ends_with(".safetensors");
}

}  // namespace

Findings leftovers(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_source(path)) continue;
        std::size_t number = 0;
        for (const std::string_view line : lines_of(file.text)) {
            ++number;
            for (const std::string_view mark : marks) {
                if (find_word(line, mark) == npos) continue;
                findings.push_back({path, number,
                                    "'" + std::string(mark) +
                                        "' is left; do it, or open an issue and take it out"});
            }
        }
    }
    return findings;
}

Findings line_ends(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (file.text.empty() || !is_text(file)) continue;
        std::size_t number = 0;
        for (const std::string_view line : lines_of(file.text)) {
            ++number;
            if (line.empty() || std::string_view(" \t\r").find(line.back()) == npos) continue;
            findings.push_back({path, number, "the line ends in a blank; take it out"});
        }
        if (file.text.back() != '\n') {
            findings.push_back({path, number, "the last line does not end; add a newline"});
        }
    }
    return findings;
}

Findings sizes(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (file.bytes <= largest_text || is_weights(path)) continue;
        findings.push_back({path, 1,
                            "the file has " + std::to_string(file.bytes) +
                                " bytes; only model weights may be larger than 1 MB"});
    }
    return findings;
}

Findings executables(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        const bool is_script = file.text.starts_with("#!");
        if (is_script && !file.executable) {
            findings.push_back({path, 1, "is a script and cannot be run; chmod +x " + path});
        }
        if (!is_script && (path == "t2t" || name_of(path) == "profile.sh")) {
            findings.push_back(
                {path, 1, "does not start with #!; begin with '#!/usr/bin/env bash'"});
        }
    }
    return findings;
}

}  // namespace t2t::dev_check
