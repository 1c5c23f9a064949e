// `./t2t check`: the script always builds and runs the check build.

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class CheckScript : public ::testing::Test {
 protected:
    Sandbox machine;
};

TEST_F(CheckScript, BuildsAndRunsTheCheckBuild) {
    const Outcome outcome = machine.t2t("check 03 'v2 tile'");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "the program: check 03 v2 tile\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_check_03_shared_memory_program");
}

TEST_F(CheckScript, BuildsNoOtherChapterThanTheOneMeant) {
    machine.t2t("check --out 3.svg --draw 42 memory_access v1");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_check_02_memory_access_program");
    const std::string built = machine.calls();
    EXPECT_PRED2(contains, machine.t2t("check 99").errors,
                 "t2t: unknown chapter '99'; there are: 01_");
    EXPECT_PRED2(contains, machine.t2t("check").errors,
                 "t2t: check needs a chapter, such as ./t2t check 03");
    EXPECT_EQ(machine.calls(), built);
}

TEST_F(CheckScript, UsesTheCpuDeviceWhateverGpuThereIs) {
    machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
    machine.program("nvcc", "");
    EXPECT_EQ(machine.t2t("check 03").status, 0);
    EXPECT_EQ(machine.t2t("--device cpu check 03").output, "the program: check 03\n");
    EXPECT_FALSE(contains(machine.calls(), "--preset cuda"));
}

TEST_F(CheckScript, RefusesAGpu) {
    for (const char* words : {"--device cuda check 03", "check 03 --device=cuda"}) {
        const Outcome outcome = machine.t2t(words);
        EXPECT_EQ(outcome.status, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_EQ(outcome.errors,
                  "t2t: check sees every access, which only the CPU device can do; leave out "
                  "--device cuda\n");
    }
    EXPECT_EQ(machine.calls(), "");
}

TEST_F(CheckScript, IsInTheHelpAndAmongTheSuggestions) {
    EXPECT_PRED2(contains, machine.t2t("--help").output, "./t2t check 03");
    EXPECT_EQ(machine.t2t("chek 03").errors,
              "t2t: unknown command 'chek'; did you mean 'check'?\n");
    EXPECT_PRED2(contains, machine.t2t("check --help").output, "./t2t check 03");
    EXPECT_FALSE(std::filesystem::exists(machine.root() / "build"));
}

}  // namespace
}  // namespace t2t::tests
