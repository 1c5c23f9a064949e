// Another program's output, with coreutils as the programs.
#include "common/process/child_process.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace t2t::process {
namespace {

/// What running `command` throws; empty when it throws nothing.
std::string complaint(const std::vector<std::string>& command) {
    try {
        output_of(command, "");
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST(ShellCommand, TextAndStatus) {
    const Output output = run("printf 'a b'; exit 3");
    EXPECT_EQ(output.text, "a b");
    EXPECT_EQ(output.status, 3);
    EXPECT_EQ(run("no-such-program 2>/dev/null").status, 127);
    EXPECT_EQ(run("kill -9 $$").status, 1);
}

TEST(ShellCommand, AWordIsOneArgument) {
    const std::string text = "it's \"two words\" of $HOME; exit 1";
    EXPECT_EQ(run("printf %s " + shell_word(text)).text, text);
}

TEST(ShellCommand, WhatIsOnThePath) {
    EXPECT_TRUE(is_installed("cat"));
    EXPECT_FALSE(is_installed("no-such-program"));
}

TEST(ChildProcess, ArgumentsAndInputArriveAsTheyAre) {
    EXPECT_EQ(output_of({"printf", "%s|%s", "two words", "$HOME"}, ""), "two words|$HOME");
    EXPECT_EQ(output_of({"tr", "a-z", "A-Z"}, "tile\n"), "TILE\n");
    EXPECT_EQ(output_of({"cat"}, ""), "");
}

TEST(ChildProcess, MoreThanAPipeHolds) {
    const std::string text(3 << 20, 'x');  // a pipe holds 64 KiB
    EXPECT_EQ(output_of({"cat"}, text), text);
}

TEST(ChildProcess, AProgramThatIsNotThereIsNamed) {
    EXPECT_NE(complaint({"no-such-program"}).find("'no-such-program'"), std::string::npos);
}

TEST(ChildProcess, AFailureShowsTheCommand) {
    EXPECT_NE(complaint({"ls", "/no/such/folder"}).find("ls /no/such/folder"), std::string::npos);
    EXPECT_NE(complaint({"sh", "-c", "kill -9 $$"}), "");
}

}  // namespace
}  // namespace t2t::process
