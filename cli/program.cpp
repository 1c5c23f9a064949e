#include "cli/program.hpp"

#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>

#include <CLI/CLI.hpp>

#include "cli/usage_error.hpp"

namespace t2t::cli {

int run_program(void (*add_commands)(CLI::App&), int argument_count, char** arguments) {
    CLI::App app{"Threads to Tokens: a CUDA course in code", "t2t"};
    add_commands(app);
    app.require_subcommand(1);
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
    } catch (const UsageError& error) {
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

}  // namespace t2t::cli
