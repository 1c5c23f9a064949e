// Another program's output, with coreutils as the programs.
#include "common/cpu_device/observer/program/child_process.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace t2t::observer {
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
}  // namespace t2t::observer
