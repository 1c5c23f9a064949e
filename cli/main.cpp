/// @file
/// The program behind `./t2t`. The script of that name sets the machine up, builds this, and runs it.

#include "cli/commands.hpp"
#include "cli/profile/command.hpp"
#include "cli/program.hpp"

int main(int argument_count, char** arguments) {
    CLI::App app{"Threads to Tokens: a CUDA course in code", "t2t"};
    app.footer("Every command has its own help. Example:\n  ./t2t bench --help");
    t2t::cli::add_list_command(app);
    t2t::cli::add_bench_command(app);
    t2t::cli::add_generate_command(app);
    t2t::cli::add_docs_command(app);
    t2t::cli::add_dev_command(app);
    t2t::cli::add_doctor_command(app);
#if defined(T2T_DEVICE_CUDA)
    t2t::profile::add_profile_command(app);  // without a GPU it is the program t2t_check's
#endif
    return t2t::cli::run_program(app, argument_count, arguments);
}
