// `./t2t profile`: on a GPU the chapter's program, without one that of the check build.

#include <string>

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class ProfileWords : public ::testing::Test {
 protected:
    void add_gpu() {
        machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
        machine.program("nvcc", "");
    }
    Sandbox machine;
};

TEST_F(ProfileWords, RunTheCheckBuildWithoutAGpu) {
    const Outcome outcome = machine.t2t("profile 03 v2_tile --json -");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "the program: profile 03 v2_tile --json -\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_profile_03_shared_memory_program");
}

TEST_F(ProfileWords, RunTheChapterOnAGpu) {
    add_gpu();
    const Outcome outcome = machine.t2t("profile 03");
    EXPECT_EQ(outcome.output, "the program: profile 03\n") << outcome.errors;
    EXPECT_PRED2(contains, machine.calls(), "--preset cuda");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_profile_03_shared_memory_program");
}

TEST_F(ProfileWords, MayLeaveTheGpuAlone) {
    add_gpu();
    EXPECT_EQ(machine.t2t("--device cpu profile 03").output, "the program: profile 03\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
}

TEST_F(ProfileWords, AreInTheHelpAndNearlyRightOnesAreAnswered) {
    EXPECT_PRED2(contains, machine.t2t("--help").output, "./t2t profile 03");
    EXPECT_PRED2(contains, machine.t2t("profil 03").errors, "did you mean 'profile'?");
}

}  // namespace
}  // namespace t2t::tests
