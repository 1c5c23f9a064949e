/// @file
/// The subcommands of `t2t`. Each `add_…_command` lives in a file of its own and adds one subcommand:
/// its options, its help with an example, and the callback that does the work.
///
/// A callback reports in one of three ways. It returns: exit code 0. It throws UsageError: the words
/// were wrong, exit code 2. It throws CLI::RuntimeError{1}: it ran, found something wrong and has said
/// so itself. Any other exception is printed in one line with exit code 1.
#pragma once

// Not <CLI/CLI.hpp>: it takes seconds to compile, and only who adds options needs it.
namespace CLI {
class App;
}

namespace t2t::cli {

/// Adds the subcommands that this program has. Each program defines it once.
void add_commands(CLI::App& app);

/// Adds `t2t bench CHAPTER [RUNG]`: times every rung beside the machine's roof.
void add_bench_command(CLI::App& app);

/// Adds `t2t docs`: the API pages.
void add_docs_command(CLI::App& app);

/// Adds `t2t dev`: what the authors of the course run, such as `t2t dev check`.
void add_dev_command(CLI::App& app);

}  // namespace t2t::cli
