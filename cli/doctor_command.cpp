/// @file
/// `t2t doctor`: prints what doctor.hpp finds.

#include <iomanip>
#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/doctor.hpp"

namespace t2t::cli {
namespace {

std::string_view symbol(Mark mark) {
    switch (mark) {
        case Mark::good:
            return "✓";
        case Mark::not_applicable:
            return "–";
        default:
            return "✗";
    }
}

}  // namespace

void add_commands(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("doctor", "Say what this machine has and lacks, and what to do");
    command->footer(
        "✓ works   ✗ does not, with what to do   – does not apply\n"
        "The exit code is 1 when something that is needed does not work; no GPU is no fault.\n\n"
        "Example:\n  ./t2t doctor");
    command->callback([] {
        bool sound = true;
        for (const Finding& finding : examine(gather())) {
            std::cout << symbol(finding.mark) << ' ' << std::left << std::setw(12)
                      << finding.subject << ' ' << finding.text << '\n';
            sound = sound && finding.mark != Mark::bad;
        }
        if (!sound) throw CLI::RuntimeError(1);
    });
}

}  // namespace t2t::cli
