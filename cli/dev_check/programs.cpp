#include "cli/dev_check/programs.hpp"

#include <charconv>
#include <set>
#include <string>

#include "cli/dev_check/scan.hpp"
#include "common/process/child_process.hpp"

namespace t2t::dev_check {
namespace {

std::size_t to_number(std::string_view digits) {
    std::size_t number = 1;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

bool is_script(const std::string& path, const File& file) {
    const std::string_view first_line = std::string_view(file.text).substr(0, file.text.find('\n'));
    return path.ends_with(".sh") ||
           (first_line.starts_with("#!") && find_word(first_line, "bash") != npos);
}

}  // namespace

std::string layout_program() {
    for (const std::string program : {"clang-format-14", "clang-format"}) {
        if (!process::is_installed(program)) continue;
        if (process::run(program + " --version").text.find("version 14.") != npos) return program;
    }
    return {};
}

Findings layout(const Tree& tree, const std::filesystem::path& root, const std::string& program) {
    std::string command =
        "cd " + process::shell_word(root.string()) + " && " + program + " --dry-run";
    bool any = false;
    for (const auto& [path, file] : tree) {
        if (!is_cpp(path)) continue;
        command += ' ' + process::shell_word(path);
        any = true;
    }
    if (!any) return {};

    // One complaint a file: `path:line:column: warning: code should be clang-formatted`.
    Findings findings;
    std::set<std::string> seen;
    const process::Output output = process::run(command + " 2>&1");
    for (const std::string_view line : lines_of(output.text)) {
        const std::size_t path_end = line.find(':');
        if (line.find("[-Wclang-format-violations]") == npos || path_end == npos) continue;
        const std::string path(line.substr(0, path_end));
        if (!seen.insert(path).second) continue;
        findings.push_back({path, to_number(line.substr(path_end + 1)),
                            "the layout is not .clang-format's; run: clang-format -i " + path});
    }
    if (output.status != 0) {
        findings.push_back({".clang-format", 1, "clang-format failed: " + output.text});
    }
    return findings;
}

Findings scripts(const Tree& tree, const std::filesystem::path& root) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!is_script(path, file)) continue;
        const process::Output output =
            process::run("cd " + process::shell_word(root.string()) + " && LC_ALL=C bash -n " +
                         process::shell_word(path) + " 2>&1");
        if (output.status == 0) continue;
        const std::string_view words = output.text;  // `path: line 7: syntax error …`
        const std::size_t at = words.find(": line ");
        const std::size_t number = at == npos ? 1 : to_number(words.substr(at + 7));
        findings.push_back(
            {path, number,
             "bash cannot parse it: " + std::string(trimmed(words.substr(0, words.find('\n'))))});
    }
    return findings;
}

}  // namespace t2t::dev_check
