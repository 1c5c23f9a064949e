/// @file
/// The program of `t2t run`, `t2t check FILE.cu` and `t2t watch`.

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/check/drawn_line.hpp"
#include "cli/output_file.hpp"
#include "cli/run/build_program.hpp"
#include "cli/run/command_line.hpp"
#include "cli/run/start_program.hpp"
#include "cli/run/watch.hpp"
#include "cli/usage_error.hpp"

namespace t2t::own {
namespace {

/// What `check` writes is asked for before any time is spent.
void require_outputs(const CommandLine& line) {
    cli::require_writable("--json", line.json);
    if (line.draw.empty()) return;
    rung_check::parse_drawn_line(line.draw);
    cli::require_writable("--out", line.picture);
}

int run(const CommandLine& line) {
    if (line.help) {
        std::cout << help_of(line);
        return 0;
    }
    require_outputs(line);
    if (line.watch) return watch(line);
    std::vector<std::filesystem::path> sources;
    const std::filesystem::path program = build_program(line, sources);
    if (program.empty()) return 1;
    become(program, line);
}

}  // namespace
}  // namespace t2t::own

int main(int argument_count, char** arguments) {
    try {
        return t2t::own::run(t2t::own::parse({arguments + 1, arguments + argument_count}));
    } catch (const t2t::cli::UsageError& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "t2t: " << error.what() << '\n';
        return 1;
    }
}
