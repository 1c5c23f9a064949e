/// @file
/// `t2t docs`: the API pages, made by Doxygen from docs/Doxyfile.

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/project_root.hpp"
#include "common/process/child_process.hpp"

namespace t2t::cli {
namespace {

namespace fs = std::filesystem;

// Debian's and Ubuntu's package doxygen-awesome-css puts its style sheet here.
constexpr const char* style_sheet = "/usr/share/doxygen-awesome-css/doxygen-awesome.css";

// Where the pages go: beside the builds.
fs::path output_folder(const fs::path& root) {
    const char* build = std::getenv("T2T_BUILD_DIR");
    return (build != nullptr ? fs::absolute(build) : root / "build") / "docs";
}

void write_docs() {
    const fs::path root = project_root();
    if (!process::is_installed("doxygen")) {
        throw std::runtime_error(
            "doxygen is not installed; install it with: "
            "apt-get install doxygen graphviz doxygen-awesome-css");
    }
    const fs::path output = output_folder(root);
    fs::create_directories(output);

    // docs/Doxyfile, and after it what depends on this machine: the last word counts.
    std::string settings = "OUTPUT_DIRECTORY = \"" + output.string() + "\"\n";
    settings += "USE_MDFILE_AS_MAINPAGE = \"" + (root / "README.md").string() + "\"\n";
    settings += std::string("HAVE_DOT = ") + (process::is_installed("dot") ? "YES" : "NO") + "\n";
    if (fs::exists(style_sheet)) {
        settings += std::string("HTML_EXTRA_STYLESHEET = ") + style_sheet + "\n";
        // The sheet has its own dark mode; from 1.9.5 on Doxygen's must be told to stay off.
        const bool has_modes =
            process::run("doxygen -s -g - | grep -q ^HTML_COLORSTYLE\\ ").status == 0;
        if (has_modes) settings += "HTML_COLORSTYLE = LIGHT\n";
    }
    const auto result = process::run("cd " + process::shell_word(root.string()) +
                                     " && { cat docs/Doxyfile; printf %s " +
                                     process::shell_word(settings) + "; } | doxygen - 2>&1");
    std::cerr << result.text;
    if (result.status != 0) {
        throw std::runtime_error("Doxygen has warnings, and they are errors here; see above");
    }
    std::cout << (output / "html" / "index.html").string() << '\n';
}

}  // namespace

void add_docs_command(CLI::App& app) {
    CLI::App* docs = app.add_subcommand("docs", "Write the API pages of all public headers");
    docs->footer(
        "Needs doxygen; with graphviz the pages show who includes whom, and with\n"
        "doxygen-awesome-css they look better. A warning is an error. Prints the first page's "
        "path.\n\n"
        "Example:\n  xdg-open \"$(./t2t docs)\"");
    docs->callback(write_docs);
}

}  // namespace t2t::cli
