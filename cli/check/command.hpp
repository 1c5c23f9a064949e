/// @file
/// The subcommand `t2t check`.
#pragma once

namespace CLI {
class App;
}

namespace t2t::rung_check {

/// Adds `t2t check CHAPTER [RUNG]`: faults and memory traffic of the rungs, by source line.
void add_check_command(CLI::App& app);

}  // namespace t2t::rung_check
