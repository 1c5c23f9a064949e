/// @file
/// From a program's sources to a program that runs, kept in a cache.
#pragma once

#include <filesystem>

#include "cli/run/command_line.hpp"

namespace t2t::own {

/// Compiles and links what `line` names, unless that has been done for these very sources and options.
///
/// Errors of the compiler are printed on standard error.
/// @param[out] sources where the program's files are on the disk, for `watch`: filled before anything is compiled
/// @returns the program; empty when it does not compile
/// @throws std::runtime_error when a file cannot be read, translated or written
std::filesystem::path build_program(const CommandLine& line,
                                    std::vector<std::filesystem::path>& sources);

}  // namespace t2t::own
