/// @file
/// The program of those who write the course: `t2t dev` and `t2t docs`. It needs no kernel.

#include "cli/commands.hpp"

namespace t2t::cli {

void add_commands(CLI::App& app) {
    add_dev_command(app);
    add_docs_command(app);
}

}  // namespace t2t::cli
