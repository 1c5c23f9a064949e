/// @file
/// The program of `t2t bench`, one per chapter.

#include "cli/commands.hpp"

namespace t2t::cli {

void add_commands(CLI::App& app) {
    add_bench_command(app);
}

}  // namespace t2t::cli
