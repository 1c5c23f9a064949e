/// @file
/// The program behind `./t2t check`: the commands that look into kernels on the CPU device. It is a
/// check build, and slow, so it is a program of its own.

#include "cli/check/command.hpp"
#include "cli/profile/command.hpp"
#include "cli/program.hpp"

int main(int argument_count, char** arguments) {
    CLI::App app{"Threads to Tokens: kernels seen from the inside", "t2t"};
    app.footer("Every command has its own help. Example:\n  ./t2t check --help");
    t2t::rung_check::add_check_command(app);
    t2t::profile::add_profile_command(app);
    return t2t::cli::run_program(app, argument_count, arguments);
}
