/// @file
/// The subcommand `t2t profile`.
#pragma once

namespace CLI {
class App;
}

namespace t2t::profile {

/// Adds `t2t profile CHAPTER [RUNG]`: five sentences about one rung, a table, and where to look next.
void add_profile_command(CLI::App& app);

}  // namespace t2t::profile
