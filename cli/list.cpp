/// @file
/// `t2t list`: what the course has, read from the chapters' own ladders.

#include <iomanip>
#include <iostream>

#include "chapters/chapters.hpp"
#include "cli/commands.hpp"

namespace t2t::cli {
namespace {

/// What the CPU device offers, and so what a rung may need to run everywhere.
constexpr int runs_everywhere = 80;

/// "compute capability 9.0" for a rung that not every device runs, else nothing.
std::string special_need(const Needs& needs) {
    if (needs.compute_capability <= runs_everywhere) return "";
    return "  (needs a GPU of compute capability " + std::to_string(needs.compute_capability / 10) +
           "." + std::to_string(needs.compute_capability % 10) + ")";
}

void print_standing() {
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands()) continue;
        std::cout << chapter.folder() << '\n';
        for (const LadderEntry& ladder : chapter.ladders) {
            std::cout << "  " << ladder.operation << '\n';
            for (const RungEntry& rung : ladder.rungs) {
                std::cout << "    " << std::left << std::setw(26) << rung.name << rung.idea
                          << special_need(rung.needs) << '\n';
            }
        }
    }
}

void print_to_come() {
    std::cout << "\nTo come:";
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands()) std::cout << "\n  " << chapter.folder();
    }
    std::cout << '\n';
}

}  // namespace

void add_list_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("list", "Show the chapters, their ladders and rungs");
    command->footer(
        "A ladder is one operation; its rungs are its kernels, from the plainest to the fastest.\n\n"
        "Example:\n  ./t2t list");
    command->callback([] {
        print_standing();
        print_to_come();
    });
}

}  // namespace t2t::cli
