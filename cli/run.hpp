/// @file
/// Running another program and keeping what it prints.
#pragma once

#include <string>
#include <string_view>

namespace t2t::cli {

/// What a program printed, and how it ended.
struct Output {
    std::string text;  ///< standard output
    int status = 0;    ///< exit status; 127 when the shell found no such program
};

/// Runs `command` through the shell.
/// @throws std::runtime_error when no process can be started
Output run(const std::string& command);

/// `text` as one word of a shell command.
std::string shell_word(std::string_view text);

/// Can `program` be found on the PATH?
bool is_installed(std::string_view program);

}  // namespace t2t::cli
