/// @file
/// Running a program that build_program() made.
#pragma once

#include <filesystem>

#include "cli/run/command_line.hpp"

namespace t2t::own {

/// This process becomes the program: its arguments, standard streams and exit code are the program's own.
/// @throws std::runtime_error when it cannot be started
[[noreturn]] void become(const std::filesystem::path& program, const CommandLine& line);

}  // namespace t2t::own
