/// @file
/// The program of `t2t profile`, one per chapter.

#include "cli/commands.hpp"
#include "cli/profile/command.hpp"

namespace t2t::cli {

void add_commands(CLI::App& app) {
    profile::add_profile_command(app);
}

}  // namespace t2t::cli
