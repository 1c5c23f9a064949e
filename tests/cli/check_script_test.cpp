// `./t2t check`: the script always builds and runs the check build.

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Configures, and builds bin/t2t_check, which says how it was called.
constexpr const char* check_cmake = R"(
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
    printf '#!/usr/bin/env bash\necho "the check program: $*"\n' > "$build/bin/t2t_check"
    chmod +x "$build/bin/t2t_check"
else
    mkdir -p "$folder"
    touch "$folder/build.ninja"
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$source" > "$folder/CMakeCache.txt"
fi)";

class CheckScript : public ::testing::Test {
 protected:
    CheckScript() { machine.program("cmake", check_cmake); }
    Sandbox machine;
};

TEST_F(CheckScript, BuildsAndRunsTheCheckBuild) {
    const Outcome outcome = machine.t2t("check 03 'v2 tile'");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "the check program: check 03 v2 tile\n");
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu-check");
    EXPECT_PRED2(contains, machine.calls(), "--target t2t_check_program");
}

TEST_F(CheckScript, UsesTheCpuDeviceWhateverGpuThereIs) {
    machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
    machine.program("nvcc", "");
    EXPECT_EQ(machine.t2t("check 03").status, 0);
    EXPECT_EQ(machine.t2t("--device cpu check 03").output, "the check program: check 03\n");
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
