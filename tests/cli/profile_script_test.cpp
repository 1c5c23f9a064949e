// `./t2t profile`: on a GPU the course's own program, without one the check build.

#include <string>

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Configures, and builds both programs, which say how they were called.
constexpr const char* two_programs = R"(
while (($#)); do
    case $1 in
        --version) echo "cmake version 3.25.1"; exit ;;
        -S) source=$2 ;;
        -B) folder=$2 ;;
        --build) build=$2 ;;
    esac
    shift
done
if [[ -n ${build:-} ]]; then
    mkdir -p "$build/bin"
    for name in t2t t2t_check; do
        printf '#!/usr/bin/env bash\necho "%s: $*"\n' "$name" > "$build/bin/$name"
        chmod +x "$build/bin/$name"
    done
else
    mkdir -p "$folder"
    touch "$folder/build.ninja"
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$source" > "$folder/CMakeCache.txt"
fi)";

class ProfileWords : public ::testing::Test {
 protected:
    ProfileWords() { machine.program("cmake", two_programs); }
    void add_gpu() {
        machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
        machine.program("nvcc", "");
    }
    Sandbox machine;
};

TEST_F(ProfileWords, RunTheCheckBuildWithoutAGpu) {
    const Outcome outcome = machine.t2t("profile 03 v2_tile --json -");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "t2t_check: profile 03 v2_tile --json -\n");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_check_program");
}

TEST_F(ProfileWords, RunTheCourseOnAGpu) {
    add_gpu();
    const Outcome outcome = machine.t2t("profile 03");
    EXPECT_EQ(outcome.output, "t2t: profile 03\n") << outcome.errors;
    EXPECT_PRED2(contains, machine.calls(), "--preset cuda");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_program");
}

TEST_F(ProfileWords, MayLeaveTheGpuAlone) {
    add_gpu();
    EXPECT_EQ(machine.t2t("--device cpu profile 03").output, "t2t_check: profile 03\n");
}

TEST_F(ProfileWords, AreInTheHelpAndNearlyRightOnesAreAnswered) {
    EXPECT_PRED2(contains, machine.t2t("--help").output, "./t2t profile 03");
    EXPECT_PRED2(contains, machine.t2t("profil 03").errors, "did you mean 'profile'?");
}

}  // namespace
}  // namespace t2t::tests
