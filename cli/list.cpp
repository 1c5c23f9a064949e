/// @file
/// `t2t list`: what the course has, read from the chapters' own ladders.

#include <iomanip>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "chapters/chapters.hpp"
#include "chapters/ladders.hpp"
#include "cli/commands.hpp"

namespace t2t::cli {
namespace {

/// `  (bf16 only; takes k that is a multiple of 8; needs compute capability 9.0 exactly)`; empty for a rung
/// that takes everything, of all types, on every device of the course.
std::string limits(const RungEntry& rung) {
    std::string text;
    const auto add = [&](const std::string& limit) { text += (text.empty() ? "" : "; ") + limit; };
    std::string types;
    for (const std::string_view type : rung.types) {
        types += (types.empty() ? "" : ", ") + std::string(type);
    }
    if (!types.empty()) add(types + " only");
    if (rung.takes != RungEntry{}.takes) add("takes " + rung.takes);
    if (rung.needs != Needs{}) add(needs_text(rung.needs));
    return text.empty() ? "" : "  (" + text + ")";
}

void print_standing() {
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands) continue;
        std::cout << chapter.folder() << '\n';
        for (const LadderEntry& ladder : ladders_of(chapter.number)) {
            std::cout << "  " << ladder.operation << '\n';
            for (const RungEntry& rung : ladder.rungs) {
                std::cout << "    " << std::left << std::setw(28) << rung.name << ' ' << rung.idea
                          << limits(rung) << '\n';
            }
        }
    }
}

void print_to_come() {
    std::cout << "\nTo come:";
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands) std::cout << "\n  " << chapter.folder();
    }
    std::cout << '\n';
}

}  // namespace

void add_commands(CLI::App& app) {
    CLI::App* command = app.add_subcommand("list", "Show the chapters, their ladders and rungs");
    command->footer(
        "A ladder is one operation; its rungs are its kernels, from the plainest to the fastest.\n"
        "In brackets: the types, sizes and devices of a rung that is not for all of them.\n\n"
        "Example:\n  ./t2t list");
    command->callback([] {
        print_standing();
        print_to_come();
    });
}

}  // namespace t2t::cli
