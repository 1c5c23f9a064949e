/// @file
/// `t2t dev check` and `t2t docs` as a user calls them, in a repository of their own.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "cli/dev_check/programs.hpp"
#include "common/process/child_process.hpp"
#include "tests/cli/program.hpp"
#include "tests/cli/small_repository.hpp"

namespace t2t::cli {
namespace {

namespace fs = std::filesystem;

// A git repository on the disk, with a blank in its path.
class HouseCommands : public testing::Test {
 protected:
    void SetUp() override {
        if (!process::is_installed("git")) GTEST_SKIP() << "git is not installed";
        for (const auto& [path, file] : dev_check::small_repository()) {
            write(path, file.text);
            if (file.executable) fs::permissions(root_ / path, fs::perms::owner_all);
        }
        write("CMakeLists.txt", "project(small)\n");
        write(".clang-format", "DisableFormat: true\nSortIncludes: Never\n");
        ASSERT_EQ(process::run("git init -q " + process::shell_word(root_.string())).status, 0);
    }
    ~HouseCommands() override { fs::remove_all(root_); }

    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }

    // `t2t words` in this repository; `environment` goes before the program.
    process::Output program(const std::string& words, const std::string& environment = "") {
        return process::run("T2T_ROOT=" + process::shell_word(root_.string()) + " T2T_BUILD_DIR=" +
                            process::shell_word((root_ / "build").string()) + " " + environment +
                            " " + tests::program_of(words) + " " + words + " 2>&1");
    }

    // The settings and the filters of this repository's own pages.
    void copy_doxygen_settings() {
        fs::create_directories(root_ / "docs");
        for (const char* file : {"docs/Doxyfile", "docs/links.sed", "docs/well_known.sed"}) {
            fs::copy_file(file, root_ / file);
        }
        fs::remove_all(root_ / "chapters/01_scale");
        write("CONTRIBUTING.md", "# Contributing\n");
        write("README.md", "# Small\n");
        write("common/lab/ladder.hpp", "/// @file\n/// Ladders.\n");
    }

    fs::path root_ = fs::temp_directory_path() / ("t2t house " + std::to_string(getpid()));
};

TEST_F(HouseCommands, DevCheckCountsTheFilesWhenNothingIsWrong) {
    const process::Output output = program("dev check", "env -u CI");
    EXPECT_EQ(
        output.text.find("t2t: clang-format 14 is not installed, so the layout was not checked"),
        dev_check::layout_program().empty() ? 0 : std::string::npos);
    EXPECT_TRUE(output.text.ends_with("16 files, no findings\n")) << output.text;
    EXPECT_EQ(output.status, 0);
}

TEST_F(HouseCommands, DevCheckNamesFileAndLineAndExitsWithOne) {
    write("docs/page.md", "# Page\n\n[nowhere](nowhere.md)\n");
    write("t2t", "#!/usr/bin/env bash\n)\n");
    const process::Output output = program("dev check");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("docs/page.md:3: the link to 'nowhere.md' leads nowhere"),
              std::string::npos)
        << output.text;
    EXPECT_NE(output.text.find("t2t:2: bash cannot parse it"), std::string::npos) << output.text;
}

TEST_F(HouseCommands, NeedTheRepository) {
    for (const std::string command : {"dev check", "docs"}) {
        const process::Output output = program(command, "T2T_ROOT=/nowhere");
        EXPECT_EQ(output.status, 1);
        EXPECT_NE(output.text.find("not the repository's root"), std::string::npos) << output.text;
    }
}

TEST_F(HouseCommands, DocsSaysWhatToInstall) {
    const process::Output output = program("docs", "PATH=/nowhere");
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(output.text,
              "t2t: doxygen is not installed; install it with: "
              "apt-get install doxygen graphviz doxygen-awesome-css\n");
}

TEST_F(HouseCommands, DocsPrintsTheFirstPage) {
    if (!process::is_installed("doxygen")) GTEST_SKIP() << "doxygen is not installed";
    copy_doxygen_settings();
    write("common/a.hpp", "/// @file\n/// A.\n\n/// Six.\nint six();\n");
    const process::Output output = program("docs");
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.text, (root_ / "build/docs/html/index.html").string() + "\n");
    EXPECT_TRUE(fs::exists(root_ / "build/docs/html/index.html"));
}

TEST_F(HouseCommands, DocsRejectsAPublicNameWithoutDocumentation) {
    if (!process::is_installed("doxygen")) GTEST_SKIP() << "doxygen is not installed";
    copy_doxygen_settings();
    write("common/a.hpp", "/// @file\n/// A.\n\nint six();\n");
    const process::Output output = program("docs");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("a.hpp:4:"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("six"), std::string::npos) << output.text;
}

}  // namespace
}  // namespace t2t::cli
