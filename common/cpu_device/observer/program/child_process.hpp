/// @file
/// Runs another program and reads what it prints: how the observer asks binutils.
#pragma once

#include <string>
#include <vector>

namespace t2t::observer {

/// Runs a program to its end. What it writes to its standard error is dropped.
/// @param command the program, looked up in PATH, and its arguments
/// @param input what it reads from its standard input
/// @returns what it wrote to its standard output
/// @throws std::runtime_error when it cannot be started or does not end with exit status 0
std::string output_of(std::vector<std::string> command, const std::string& input);

}  // namespace t2t::observer
