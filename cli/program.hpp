/// @file
/// What the programs behind `./t2t` have in common: how words are read, and how a command ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace t2t::cli {

/// Adds an option of several texts to `command`. run_program() hands every value over exactly as it was
/// typed, whatever characters it has; where there are several in one option, this does.
CLI::Option* add_texts(CLI::App& command, const std::string& name, std::vector<std::string>& texts,
                       const std::string& description);

/// Adds an option that takes a whole number. `value` is its default, and gets what is typed.
/// @tparam Number int, std::int64_t or std::uint64_t
/// @param low, high what it may be. Other words end the program with a UsageError that says so
template <typename Number>
CLI::Option* add_whole_number(CLI::App& command, const std::string& name, Number& value, Number low,
                              Number high, const std::string& description);

/// The same for any finite number: what it may be is for the command to say.
CLI::Option* add_number(CLI::App& command, const std::string& name, double& value,
                        const std::string& description);

/// Parses the words of the command line and runs the command that they name.
///
/// Errors are printed here, in one line each: the ways in which a command may report are listed in
/// cli/commands.hpp.
/// @param add_commands adds the subcommands that there are
/// @returns the exit code: 0, 1 when something went wrong or was found wrong, 2 for wrong words
int run_program(void (*add_commands)(CLI::App&), int argument_count, char** arguments);

}  // namespace t2t::cli
