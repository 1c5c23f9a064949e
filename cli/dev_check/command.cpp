/// @file
/// `t2t dev check`: does the house keep its shape?

#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/dev_check/check.hpp"
#include "cli/dev_check/programs.hpp"
#include "cli/project_root.hpp"

namespace t2t::cli {
namespace {

constexpr const char* no_layout_program =
    "clang-format 14 is not installed, so the layout was not checked, and no other version breaks all "
    "lines alike; get it with: apt-get install clang-format-14, or, where there is none: pip install "
    "clang-format==14.0.6";

void check_tree() {
    using namespace dev_check;
    const std::filesystem::path root = project_root();
    const Tree tree = read_tree(root);

    Findings findings = check(tree);
    const auto add = [&](const Findings& found) {
        findings.insert(findings.end(), found.begin(), found.end());
    };
    add(scripts(tree, root));
    if (const std::string program = layout_program(); !program.empty()) {
        add(layout(tree, root, program));
    } else if (std::getenv("CI") != nullptr) {
        add({{".clang-format", 1, no_layout_program}});
    } else {
        std::cerr << "t2t: " << no_layout_program << '\n';
    }

    for (const Finding& finding : findings) {
        std::cout << finding.path << ':' << finding.line << ": " << finding.message << '\n';
    }
    std::cout << tree.size() << " files, "
              << (findings.empty() ? "no" : std::to_string(findings.size())) << " finding"
              << (findings.size() == 1 ? "" : "s") << '\n';
    if (!findings.empty()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_dev_command(CLI::App& app) {
    CLI::App* dev = app.add_subcommand("dev", "What the authors of the course run");
    dev->require_subcommand(1);
    dev->footer("Example:\n  ./t2t dev check");
    CLI::App* check = dev->add_subcommand("check", "Check that the repository keeps its shape");
    check->footer(
        "Looks at every file that git tracks or would track: the parts of a chapter and of its\n"
        "lesson, rung headers and ladders, includes, links, measured numbers, layout.\n"
        "Each finding is one line, FILE:LINE: what is wrong; what to do. Exit code 1 if any.\n\n"
        "Example:\n  ./t2t dev check");
    check->callback(check_tree);
}

}  // namespace t2t::cli
