/// @file
/// Running another program and reading what it prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace t2t::process {

/// What a program printed, and how it ended.
struct Output {
    std::string text;  ///< standard output
    int status = 0;    ///< exit status; 127 when the shell found no such program, 1 after a signal
};

/// Runs `command` through the shell. It shares standard input and standard error with this program.
/// @throws std::runtime_error when no process can be started
Output run(const std::string& command);

/// `text` as one word of a shell command.
std::string shell_word(std::string_view text);

/// Can `program` be found on the PATH?
bool is_installed(std::string_view program);

/// Runs a program, without a shell, to its end. What it writes to its standard error is dropped.
/// @param command the program, looked up in PATH, and its arguments
/// @param input what it reads from its standard input
/// @returns what it wrote to its standard output
/// @throws std::runtime_error when it cannot be started or does not end with exit status 0
std::string output_of(std::vector<std::string> command, const std::string& input);

}  // namespace t2t::process
