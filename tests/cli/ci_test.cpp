// .ci/run on a machine where nothing is really built: which steps it takes, and how it ends.

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
bool lacks(const std::string& text, const std::string& part) {
    return !contains(text, part);
}
bool ends_with(const std::string& text, const std::string& end) {
    return text.ends_with(end);
}

class Ci : public ::testing::Test {
 protected:
    Outcome run() { return machine.shell("\"${T2T%/*}/.ci/run\""); }

    Sandbox machine;
};

TEST_F(Ci, EndsWithTheTestRunnersClosingLine) {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_PRED2(ends_with, outcome.output, "\n100% tests passed, 0 tests failed out of 7\n");
    EXPECT_PRED2(contains, outcome.output,
                 "NOT CHECKED: nvcc for sm_75, sm_80 and sm_90a: there is no");
    EXPECT_PRED2(contains, outcome.output, "NOT CHECKED: CPU device built by clang");
    EXPECT_PRED2(contains, outcome.output, "NOT CHECKED: generator built by a newer compiler");
    EXPECT_PRED2(contains, machine.calls(), "cmake --preset cpu-asan");
}

TEST_F(Ci, CompilesWithNvccAndClangWhereTheyAre) {
    machine.program("nvcc", "");
    machine.program("clang++", "");
    machine.program("clang++-19", "");
    const Outcome outcome = run();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_PRED2(lacks, outcome.output, "NOT CHECKED");
    EXPECT_PRED2(contains, machine.calls(), "cmake --build build/cuda-all");
    EXPECT_PRED2(contains, machine.calls(), "ctest --preset cpu-clang");
    EXPECT_PRED2(contains, machine.calls(), "/clang++-19 -DT2T_WARNINGS_ARE_ERRORS=ON");
    EXPECT_PRED2(contains, outcome.output, "the program: generate Once upon a time");
}

TEST_F(Ci, StopsAtTheFirstFailureAndNamesIt) {
    machine.program("ctest", "echo '86% tests passed, 1 tests failed out of 7'; exit 8");
    const Outcome outcome = run();
    EXPECT_EQ(outcome.status, 8);
    EXPECT_PRED2(ends_with, outcome.errors,
                 "\nCI failed in: tests on the CPU device (exit code 8)\n");
    EXPECT_PRED2(lacks, machine.calls(), "cpu-asan");
}

TEST_F(Ci, FailsWhenASanitizerDoes) {
    machine.program("ctest", R"(case $* in *cpu-asan*) exit 8 ;; esac
echo '100% tests passed, 0 tests failed out of 7')");
    const Outcome outcome = run();
    EXPECT_EQ(outcome.status, 8);
    EXPECT_PRED2(contains, outcome.errors,
                 "CI failed in: CPU device and file readers under AddressSanitizer");
    EXPECT_PRED2(lacks, outcome.output, "==== Times");
}

}  // namespace
}  // namespace t2t::tests
