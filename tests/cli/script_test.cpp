// The script `t2t` on machines that lack things: one clear sentence, and nothing half-done left behind.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
bool lacks(const std::string& text, const std::string& part) {
    return !contains(text, part);
}
bool starts_with(const std::string& text, const std::string& start) {
    return text.starts_with(start);
}

class Script : public ::testing::Test {
 protected:
    // Runs `./t2t words` and expects this exit code, nothing on stdout, and one sentence on stderr.
    void expect_refusal(const std::string& words, int status, const std::string& sentence,
                        const std::string& before = "") {
        const Outcome outcome = machine.t2t(words, before);
        EXPECT_EQ(outcome.status, status);
        EXPECT_EQ(outcome.output, "");
        EXPECT_EQ(outcome.errors, "t2t: " + sentence + "\n");
    }
    bool is_built() const { return fs::exists(machine.root() / "build"); }
    std::string build_folder() const { return (machine.root() / "build").string(); }

    Sandbox machine;
};

TEST_F(Script, HelpNeedsNoTools) {
    for (const char* tool : {"cmake", "ninja", "c++", "apt-get", "dpkg-query"})
        machine.remove(tool);
    for (const char* words : {"", "--help", "help", "-h"}) {
        const Outcome outcome = machine.t2t(words);
        EXPECT_EQ(outcome.status, 0);
        EXPECT_PRED2(contains, outcome.output, "test [CHAPTER …]");
        EXPECT_EQ(outcome.errors, "");
    }
    EXPECT_FALSE(is_built());
}

TEST_F(Script, HelpOfACommandDoesNotBuild) {
    EXPECT_PRED2(contains, machine.t2t("test --help").output, "Example: ./t2t test shared_memory");
    EXPECT_PRED2(contains, machine.t2t("bench --help").output, "./t2t bench 03");
    EXPECT_FALSE(is_built());
    machine.t2t("bench 01");
    EXPECT_EQ(machine.t2t("bench --help").output, "the program: bench --help\n");
}

TEST_F(Script, UnknownCommandSuggestsTheNearest) {
    expect_refusal("tset", 2, "unknown command 'tset'; did you mean 'test'?");
    expect_refusal("bnch 03", 2, "unknown command 'bnch'; did you mean 'bench'?");
    expect_refusal("frobnicate", 2,
                   "unknown command 'frobnicate'; ./t2t --help lists those there are");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, UnknownChapterListsThoseThereAre) {
    const std::string there_are = "; there are: 01_vector_add 02_memory_access 03_shared_memory";
    expect_refusal("test 4", 2, "unknown chapter '4'" + there_are);
    expect_refusal("test shared", 2, "unknown chapter 'shared'" + there_are);
    expect_refusal("test 01 memory", 2, "unknown chapter 'memory'" + there_are);
    expect_refusal("test ''", 2, "unknown chapter ''" + there_are);
    expect_refusal("test 12", 2, "unknown chapter '12'" + there_are);
    std::ofstream(machine.root() / "chapters/chapters.cpp")
        << "{12, \"hopper\", \"Hopper\", false},";
    expect_refusal("test 12", 2, "chapter 12 is still to come; ./t2t list shows what stands");
    expect_refusal("test 03 v2", 2,
                   "test takes chapters, and 'v2' is a rung; ./t2t check CHAPTER v2 looks at it");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, UnknownDeviceAndOptionAreRefused) {
    expect_refusal("--device gpu test", 2,
                   "unknown device 'gpu'; use --device cpu or --device cuda");
    expect_refusal("test --device", 2, "--device needs a value: --device cpu or --device cuda");
    expect_refusal("test --fast", 2, "unknown option '--fast'; see ./t2t test --help");
}

TEST_F(Script, GenerateBuildsAndRunsTheProgram) {
    const Outcome outcome = machine.t2t("generate 'Once upon a time'");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.output, "the program: generate Once upon a time\n");
}

TEST_F(Script, CudaNeedsNvccAndAGpu) {
    const std::string cuda = (machine.folder() / "cuda").string();
    expect_refusal("--device cuda test", 1,
                   "--device cuda needs nvcc, which is neither in PATH nor in " + cuda +
                       "/bin; install the CUDA Toolkit 12.4 or newer, or use --device cpu");
    machine.program("nvcc", "");
    expect_refusal(
        "--device=cuda test", 1,
        "--device cuda needs an NVIDIA GPU, and nvidia-smi finds none; ./t2t doctor says "
        "more, or use --device cpu");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, DefaultDeviceIsTheGpuWhenItCanBeUsed) {
    machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
    EXPECT_EQ(machine.t2t("list").status, 0);
    EXPECT_PRED2(contains, machine.calls(), "--preset cpu");
    machine.program("nvcc", "");
    EXPECT_EQ(machine.t2t("list").status, 0);
    EXPECT_PRED2(contains, machine.calls(), "--preset cuda");
}

TEST_F(Script, NoInstallNamesTheMissingPackages) {
    machine.remove("c++");
    machine.uninstall("libgtest-dev");
    expect_refusal("--no-install test", 1,
                   "missing packages: g++ libgtest-dev; install them with: "
                   "apt-get update && apt-get install g++ libgtest-dev");
    machine.remove("doxygen");
    expect_refusal("docs --no-install", 1,
                   "missing packages: g++ libgtest-dev doxygen; install them with: "
                   "apt-get update && apt-get install g++ libgtest-dev doxygen");
    EXPECT_PRED2(lacks, machine.calls(), "apt-get");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, InstallsWhatIsMissingAndGoesOn) {
    machine.uninstall("libgtest-dev");
    machine.program("apt-get", R"([[ $DEBIAN_FRONTEND == noninteractive ]] || exit 1
echo "Get:1 http://deb.debian.org"
if [[ " $* " == *" install "* ]]; then echo libgtest-dev >> "$SANDBOX/installed"; fi)");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "100% tests passed, 0 tests failed out of 7\n");
    EXPECT_PRED2(starts_with, outcome.errors,
                 "t2t: installing, by apt-get, which may take minutes (log: " + build_folder() +
                     "/apt.log): libgtest-dev\n");
    EXPECT_PRED2(lacks, outcome.errors, "Get:1");
    EXPECT_PRED2(contains, machine.calls(), " update\n");
    EXPECT_PRED2(contains, machine.calls(), " install -y --no-install-recommends libgtest-dev\n");
}

TEST_F(Script, NoNetworkForApt) {
    machine.uninstall("libcli11-dev");
    machine.program("apt-get", "echo 'E: Failed to fetch http://deb.debian.org' >&2; exit 100");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(contains, outcome.errors,
                 "t2t: apt-get could not download libcli11-dev (is there a network?); its "
                 "own words are in " +
                     build_folder() + "/apt.log\n");
    EXPECT_PRED2(lacks, outcome.errors, "E: Failed");
    EXPECT_PRED2(contains, contents(machine.root() / "build/apt.log"), "E: Failed to fetch");
    EXPECT_FALSE(fs::exists(machine.root() / "build/cpu"));
}

TEST_F(Script, NoRightToInstall) {
    machine.uninstall("libcli11-dev");
    machine.program("id", "echo 1000");
    expect_refusal("test", 1,
                   "missing packages, and no right to install them; as root: "
                   "apt-get update && apt-get install libcli11-dev");
    EXPECT_FALSE(is_built());
    machine.program("sudo", "exit 1");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(contains, outcome.errors, "installing with sudo, by apt-get");
    EXPECT_PRED2(
        contains, outcome.errors,
        "t2t: sudo was refused; as root: apt-get update && apt-get install libcli11-dev\n");
}

TEST_F(Script, WithoutAptItSaysWhatToInstall) {
    machine.remove("apt-get");
    machine.remove("ninja");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(starts_with, outcome.errors,
                 "t2t: there is no apt-get here, so please install by hand: a C++20 ");
    EXPECT_PRED2(contains, outcome.errors, "(missing: ninja-build)\n");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, OldToolsAreRefused) {
    machine.program("cmake", "echo 'cmake version 3.18.4'");
    expect_refusal(
        "test", 1,
        "CMake 3.18.4 is too old, 3.25 or newer is needed; Debian 12 and Ubuntu 24.04 have "
        "it, and for other systems https://cmake.org/download does");
    machine.program("cmake", "echo 'cmake version 3.100.0'");
    machine.program("c++", "case $1 in --version) echo 'c++ (Debian)' ;; *) echo 10.2.1 ;; esac");
    expect_refusal("test", 1,
                   "the compiler c++ is g++ 10.2.1, and C++20 needs g++ 12 or clang 14, or newer; "
                   "install one and name it: CXX=g++-12 ./t2t …");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, UnwritableFolderIsNamed) {
    std::string wanted =
        (machine.folder() / "calls/build").string();  // inside a file: for root too
    machine.t2t("list");
    expect_refusal("list", 1,
                   "cannot write to the build folder " + wanted +
                       "; name another one: T2T_BUILD_DIR=/tmp/t2t ./t2t …",
                   "T2T_BUILD_DIR='" + wanted + "'");
}

TEST_F(Script, FailedConfigureShowsItsEndAndLeavesNothing) {
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *) mkdir -p "$SANDBOX/a copy/build/cpu"; echo "CMake Error: no GTest"; exit 1 ;;
esac)");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(contains, outcome.errors, "CMake Error: no GTest\n");
    EXPECT_PRED2(
        contains, outcome.errors,
        "t2t: configuring failed; the whole log is in " + build_folder() + "/configure-cpu.log\n");
    EXPECT_FALSE(fs::exists(machine.root() / "build/cpu"));
}

TEST_F(Script, FailedBuildShowsTheCompilersWords) {
    ASSERT_EQ(machine.t2t("list").status, 0);
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *)
        echo "[1/2] Building CXX object a.cpp.o"
        echo "FAILED: a.cpp.o"
        echo "/usr/bin/c++ -O3 -c a.cpp"
        echo "a.cpp:3:5: error: expected ';'"
        echo "ninja: build stopped: subcommand failed."
        exit 1
        ;;
esac)");
    const Outcome outcome = machine.t2t("list");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors,
              "a.cpp:3:5: error: expected ';'\n"
              "t2t: the build failed; the whole log is in " +
                  build_folder() + "/build-cpu.log\n");
    EXPECT_PRED2(contains, contents(machine.root() / "build/build-cpu.log"), "c++ -O3 -c a.cpp");
}

TEST_F(Script, TestsOfOneChapter) {
    for (const std::string name :
         {"3", "03", "shared_memory", "03_shared_memory", "chapters/03_shared_memory/"}) {
        fs::remove(machine.folder() / "calls");
        EXPECT_EQ(machine.t2t("test " + name).status, 0);
        EXPECT_PRED2(contains, machine.calls(), "--target 03_shared_memory\n");
        EXPECT_PRED2(contains, machine.calls(), "-R ^(03_shared_memory)\\. -E VeryLong\n");
    }
    EXPECT_EQ(machine.t2t("test 1 2").status, 0);
    EXPECT_PRED2(contains, machine.calls(),
                 "-R ^(01_vector_add|02_memory_access)\\. -E VeryLong\n");
}

TEST_F(Script, TestsOfOneChapterSayWhatTheyLeaveOut) {
    const std::string left_out =
        "2 cases of very long rows were left out, because they take seconds; "
        "./t2t test 03 --all runs them, too\n";
    EXPECT_PRED2(lacks, machine.t2t("test 03").output, "left out");
    machine.program("ctest", R"(case $* in
        *-N*) printf ' Test #%d: a.AVeryLongRow\n' 1 2; echo ' Test #3: a.b' ;;
        *) echo '100% tests passed, 0 tests failed out of 1' ;;
    esac)");
    EXPECT_PRED2(contains, machine.t2t("test 03").output, left_out);
    EXPECT_PRED2(lacks, machine.t2t("test").output, "left out");
    fs::remove(machine.folder() / "calls");
    EXPECT_PRED2(lacks, machine.t2t("test 03 --all").output, "left out");
    EXPECT_PRED2(lacks, machine.calls(), "VeryLong");
}

TEST_F(Script, FailedTestsDecideTheExitCode) {
    machine.program("ctest", "echo '86% tests passed, 1 tests failed out of 7'; exit 8");
    EXPECT_EQ(machine.t2t("test").status, 8);
}

TEST_F(Script, WorksFromElsewhereAndThroughALink) {
    const Outcome elsewhere = machine.t2t("list 'two words'", "cd / &&");
    EXPECT_EQ(elsewhere.output, "the program: list two words\n");
    const Outcome link =
        machine.shell("ln -s \"$T2T\" \"$SANDBOX/link\" && \"$SANDBOX/link\" list");
    EXPECT_EQ(link.output, "the program: list\n") << link.errors;
    const Outcome there = machine.t2t("list", "cd \"$SANDBOX\" && T2T_BUILD_DIR=other");
    EXPECT_EQ(there.output, "the program: list\n");
    EXPECT_TRUE(fs::exists(machine.folder() / "other/cpu/bin/t2t_list"));
}

TEST_F(Script, ConfiguresOnceForEachPlace) {
    const auto configurations = [&] {
        const std::string calls = machine.calls();
        int count = 0;
        for (auto at = calls.find("--preset"); at != calls.npos;
             at = calls.find("--preset", at + 1)) {
            ++count;
        }
        return count;
    };
    machine.t2t("list");
    machine.t2t("list");
    EXPECT_EQ(configurations(), 1);
    const Outcome moved =
        machine.shell("mv \"$SANDBOX/a copy\" \"$SANDBOX/moved\" && \"$SANDBOX/moved/t2t\" list");
    EXPECT_EQ(moved.output, "the program: list\n") << moved.errors;
    EXPECT_EQ(configurations(), 2);
}

TEST_F(Script, BuildsOneAtATime) {
    machine.t2t("bench 01");
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *) echo begin >> "$SANDBOX/order"; sleep 0.3; echo end >> "$SANDBOX/order" ;;
esac)");
    const Outcome both = machine.shell("\"$T2T\" bench 01 & \"$T2T\" bench 01; wait");
    EXPECT_EQ(contents(machine.folder() / "order"), "begin\nend\nbegin\nend\n");
    EXPECT_PRED2(contains, both.errors, "t2t: waiting for './t2t bench 01'");
}

// What only looks at the course uses the program that is there.
TEST_F(Script, ListAndDoctorDoNotWaitForABuild) {
    machine.t2t("list");
    machine.t2t("doctor");
    for (const std::string command : {"list", "doctor"}) {
        const Outcome outcome =
            machine.shell("flock \"${T2T%t2t}build/lock\" sleep 5 & sleep 0.2; \"$T2T\" " +
                          command + "; kill $!");
        EXPECT_PRED2(contains, outcome.output, "the program: " + command + "\n");
        EXPECT_FALSE(contains(outcome.errors, "waiting for")) << outcome.errors;
    }
}

TEST_F(Script, DoctorWorksWithoutACompiler) {
    machine.remove("c++");
    const Outcome outcome = machine.t2t("doctor");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(contains, outcome.output, "✗ compiler     not found");
    EXPECT_PRED2(contains, outcome.output, "✓ CMake        3.25.1\n");
    EXPECT_PRED2(contains, outcome.output,
                 "✗ packages     missing; install them with: "
                 "apt-get update && apt-get install g++\n");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, DoctorRefusesOldTools) {
    machine.program("c++", "case $1 in --version) echo 'c++ (Debian)' ;; *) echo 10.2.1 ;; esac");
    const Outcome outcome = machine.t2t("doctor");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_PRED2(contains, outcome.output, "✗ compiler     the compiler c++ is g++ 10.2.1, and");
    EXPECT_FALSE(is_built());
}

TEST_F(Script, DoctorEndsWithTheProgramsPart) {
    const Outcome outcome = machine.t2t("doctor");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_PRED2(starts_with, outcome.output, "✓ compiler     g++ 12.2.0\n");
    EXPECT_PRED2(contains, outcome.output, "\nthe program: doctor\n");
}

}  // namespace
}  // namespace t2t::tests
