/// @file
/// What the programs behind `./t2t` have in common: how a command ends.
#pragma once

namespace CLI {
class App;
}

namespace t2t::cli {

/// Parses the words of the command line and runs the command that they name.
///
/// Errors are printed here, in one line each: the ways in which a command may report are listed in
/// cli/commands.hpp.
/// @param add_commands adds the subcommands that there are
/// @returns the exit code: 0, 1 when something went wrong or was found wrong, 2 for wrong words
int run_program(void (*add_commands)(CLI::App&), int argument_count, char** arguments);

}  // namespace t2t::cli
