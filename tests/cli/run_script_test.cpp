// `./t2t run`, `check FILE.cu` and `watch`: which build they take, and that words pass through.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class RunScript : public ::testing::Test {
 protected:
    Sandbox machine;
};

TEST_F(RunScript, RunBuildsWhatCompilesProgramsAndNoMore) {
    const Outcome outcome = machine.t2t("run 'my add.cu' -DN=3 -- --help 'a b'");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "the program: run my add.cu -DN=3 -- --help a b\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu ");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_run_program");
}

TEST_F(RunScript, TakesTheGpuWhereThereIsOne) {
    machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
    machine.program("nvcc", "");
    EXPECT_EQ(machine.t2t("run add.cu").status, 0);
    EXPECT_PRED2(contains, machine.calls(), "--preset cuda ");
    EXPECT_EQ(machine.t2t("--device cpu run add.cu").status, 0);
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu ");
}

TEST_F(RunScript, AFileIsCheckedAndAChapterToo) {
    EXPECT_EQ(machine.t2t("check add.cu --annotate").output,
              "the program: check add.cu --annotate\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_run_program");
    EXPECT_EQ(machine.t2t("check 03").output, "the program: check 03\n");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_check_03_shared_memory_program");
    EXPECT_EQ(machine.t2t("check 03 --json all.json --draw v2_tile.cu:34").output,
              "the program: check 03 --json all.json --draw v2_tile.cu:34\n");
    for (const std::string file : {"notes/add.txt", "ADD.CU", "./add.cu.bak"}) {
        EXPECT_EQ(machine.t2t("check " + file).output, "the program: check " + file + '\n');
    }
    EXPECT_EQ(machine.t2t("--device cuda check add.cu").status, 2);
}

TEST_F(RunScript, WatchChecksWhenAsked) {
    machine.t2t("watch add.cu -- --check");
    EXPECT_FALSE(contains(machine.calls(), "--preset cpu-check"));
    machine.t2t("watch add.cu --check");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
    EXPECT_EQ(
        machine.t2t("--device cuda watch add.cu --annotate").errors,
        "t2t: check sees every access, which only the CPU device can do; leave out --device cuda\n");
}

TEST_F(RunScript, IsInTheHelp) {
    const std::string help = machine.t2t("--help").output;
    EXPECT_PRED2(contains, help, "./t2t run add.cu");
    EXPECT_PRED2(contains, help, "./t2t check add.cu");
    EXPECT_PRED2(contains, help, "./t2t watch add.cu");
}

}  // namespace
}  // namespace t2t::tests
