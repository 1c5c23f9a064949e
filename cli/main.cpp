/// @file
/// Every program behind `./t2t`. The script of that name sets the machine up, builds the program that has a
/// command, and runs it.

#include "cli/commands.hpp"
#include "cli/program.hpp"

int main(int argument_count, char** arguments) {
    return t2t::cli::run_program(t2t::cli::add_commands, argument_count, arguments);
}
