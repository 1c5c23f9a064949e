// What is said when source lines cannot be found.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/process/child_process.hpp"

namespace t2t::observer {
namespace {

/// Where this very function is, as source_lines() sees it.
SourceLine own_place() {
    const std::uint64_t addresses[] = {reinterpret_cast<std::uint64_t>(&own_place)};
    return source_lines(addresses).at(0);
}

TEST(MissingTools, AddrToLine) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // a fresh process, which has not asked yet
    const auto without_tools = [] {
        setenv("PATH", "/nonexistent", 1);
        const std::string why = why_no_source_lines();
        const bool empty = own_place().file.empty();
        std::fputs(why.c_str(), stderr);
        std::exit(empty ? 0 : 1);
    };
    EXPECT_EXIT(without_tools(), testing::ExitedWithCode(0), "addr2line.*package binutils");
}

/// Runs in a copy of this program without debug information or symbols.
void check_stripped_program() {
    EXPECT_NE(why_no_source_lines().find("no debug information"), std::string::npos);
    EXPECT_EQ(own_place().file, "");
    EXPECT_TRUE(program_symbols().variables.empty());
    EXPECT_TRUE(program_symbols().thread_local_variables.empty());
    EXPECT_NE(program_symbols().code_begin, 0u);
    EXPECT_NE(thread_local_begin(), 0u);
}

TEST(MissingTools, DebugInformation) {
    if (std::getenv("T2T_TEST_STRIPPED") != nullptr) return check_stripped_program();
    EXPECT_EQ(own_place().file, "tests/cpu_device/observer/program/debug_information_test.cpp");
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string copy = testing::TempDir() + "t2t_stripped_test";
    process::output_of({"strip", "-o", copy, self}, "");
    EXPECT_NO_THROW(process::output_of(
        {"env", "T2T_TEST_STRIPPED=1", copy, "--gtest_filter=MissingTools.DebugInformation"}, ""));
    std::filesystem::remove(copy);
}

}  // namespace
}  // namespace t2t::observer
