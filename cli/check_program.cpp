/// @file
/// The program of `t2t check`, one per chapter.

#include "cli/check/command.hpp"
#include "cli/commands.hpp"

namespace t2t::cli {

void add_commands(CLI::App& app) {
    rung_check::add_check_command(app);
}

}  // namespace t2t::cli
