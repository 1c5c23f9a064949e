/// @file
/// The program behind `./t2t`. The script of that name sets the machine up, builds this, and runs it.

#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>

#include "cli/commands.hpp"

int main(int argument_count, char** arguments) {
    CLI::App app{"Threads to Tokens: a CUDA course in code", "t2t"};
    app.require_subcommand(1);
    app.footer("Every command has its own help. Example:\n  ./t2t bench --help");
    t2t::cli::add_list_command(app);
    t2t::cli::add_bench_command(app);
    t2t::cli::add_generate_command(app);
    t2t::cli::add_docs_command(app);
    t2t::cli::add_dev_command(app);
    t2t::cli::add_doctor_command(app);

    try {
        app.parse(argument_count, arguments);
        if (!std::cout.flush()) throw std::runtime_error("cannot write to standard output");
        return 0;
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::RuntimeError& reported) {
        return reported.get_exit_code();
    } catch (const CLI::ParseError& error) {
        std::cerr << "t2t: " << error.what() << "; see ./t2t COMMAND --help\n";
        return 2;
    } catch (const t2t::cli::UsageError& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 2;
    } catch (const std::bad_alloc&) {
        std::cerr << "t2t: this machine has too little memory left for that\n";
        return 1;
    } catch (const std::exception& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 1;
    }
}
