/// @file
/// What `t2t dev check` reads from the disk, and what it asks clang-format, bash and git.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "cli/dev_check/programs.hpp"
#include "cli/dev_check/tree.hpp"
#include "common/process/child_process.hpp"

namespace t2t::dev_check {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, with a blank and a quote in its name.
class DevCheckPrograms : public testing::Test {
 protected:
    DevCheckPrograms()
        : root_(fs::temp_directory_path() / ("t2t dev check's " + std::to_string(getpid()))) {
        fs::create_directories(root_);
    }
    ~DevCheckPrograms() override { fs::remove_all(root_); }

    // Writes the file to the disk and returns a tree that holds it.
    Tree file(const std::string& path, const std::string& text) {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
        return {{path, {text}}};
    }

    fs::path root_;
};

TEST_F(DevCheckPrograms, LayoutNamesTheFirstLineThatDiffers) {
    const std::string program = layout_program();
    if (program.empty()) GTEST_SKIP() << "clang-format 14 is not installed";
    file(".clang-format", "BasedOnStyle: Google\n");
    EXPECT_TRUE(layout(file("a b.cu", "int a;\n"), root_, program).empty());

    const Findings findings = layout(file("a b.cu", "int a;\nint  b;\nint  c;\n"), root_, program);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].path, "a b.cu");
    EXPECT_EQ(findings[0].line, 2u);
}

TEST_F(DevCheckPrograms, LayoutSaysWhenClangFormatFails) {
    EXPECT_FALSE(layout(file("a.cpp", "int a;\n"), root_, "false").empty());
}

TEST_F(DevCheckPrograms, ScriptsNamesTheLineThatBashCannotParse) {
    EXPECT_TRUE(scripts(file("a b.sh", "if true; then echo; fi\n"), root_).empty());
    EXPECT_TRUE(scripts(file("table", "#!/usr/bin/env python3\nif x:\n"), root_).empty());

    const Findings findings = scripts(file("run", "#!/usr/bin/env bash\n\n)\n"), root_);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].path, "run");
    EXPECT_EQ(findings[0].line, 3u);
}

TEST_F(DevCheckPrograms, ReadTreeHoldsWhatGitWouldTrack) {
    if (!process::is_installed("git")) GTEST_SKIP() << "git is not installed";
    ASSERT_EQ(process::run("git init -q " + process::shell_word(root_.string())).status, 0);
    file(".gitignore", "/build/\n");
    file("build/a.o", "object");
    file("docs/größe.md", "# Size\n");
    file("run", "#!/bin/sh\n");
    file("weights.safetensors", std::string(largest_text + 1, 'w'));
    fs::permissions(root_ / "run", fs::perms::owner_all);
    fs::create_symlink("run", root_ / "link");

    const Tree tree = read_tree(root_);
    ASSERT_EQ(tree.size(), 4u);
    EXPECT_EQ(tree.at("docs/größe.md").text, "# Size\n");
    EXPECT_FALSE(tree.at("docs/größe.md").executable);
    EXPECT_TRUE(tree.at("run").executable);
    EXPECT_TRUE(tree.at("weights.safetensors").text.empty());
    EXPECT_EQ(tree.at("weights.safetensors").bytes, largest_text + 1);
    EXPECT_TRUE(exists(tree, "docs") && exists(tree, "docs/") && exists(tree, "run"));
    EXPECT_FALSE(exists(tree, "doc") || exists(tree, "build"));
}

TEST_F(DevCheckPrograms, ReadTreeNeedsARepository) {
    EXPECT_THROW(read_tree(root_ / "nowhere"), std::runtime_error);
}

TEST_F(DevCheckPrograms, ReadTreeSaysHowToTrustAnotherUsersClone) {
    if (!process::is_installed("git")) GTEST_SKIP() << "git is not installed";
    ASSERT_EQ(process::run("git init -q " + process::shell_word(root_.string())).status, 0);
    setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1", 1);  // git's own way to test this
    std::string message;
    try {
        read_tree(root_);
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    unsetenv("GIT_TEST_ASSUME_DIFFERENT_OWNER");
    EXPECT_EQ(message,
              "git does not trust this clone, because it belongs to another user; if you do: git "
              "config --global --add safe.directory " +
                  process::shell_word(root_.string()));
}

}  // namespace
}  // namespace t2t::dev_check
