// The script `t2t` on unusual machines: containers, clang alone, a full disk, another shell, a slow
// network, several compilers, GPUs that are hard to find.

#include <fstream>
#include <utility>

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class ScriptMachines : public ::testing::Test {
 protected:
    void write(const std::string& path, const std::string& text) {
        fs::create_directories((machine.folder() / path).parent_path());
        std::ofstream(machine.folder() / path) << text;
    }
    // Runs `line` with the functions of cli/setup.sh and cli/build.sh, on a machine whose /proc, /sys and
    // /usr are in $SANDBOX/system.
    Outcome with_functions(const std::string& line) {
        return machine.shell(R"(set -euo pipefail
say() { echo "t2t: $*" >&2; }
device=cpu T2T_ROOT="$SANDBOX/a copy" T2T_BUILD_DIR=$SANDBOX/build system_root=$SANDBOX/system
mkdir -p "$T2T_BUILD_DIR"
source "$T2T_ROOT/cli/setup.sh"
source "$T2T_ROOT/cli/build.sh"
)" + line);
    }
    std::string build_folder() const { return (machine.root() / "build").string(); }

    Sandbox machine;
};

// ---- how it is called

TEST_F(ScriptMachines, AnyShellFindsBash) {
    for (const char* shell : {"/bin/sh", "bash --posix"}) {
        const Outcome outcome =
            machine.shell(std::string(shell) + " \"$T2T\" generate 'two  words'");
        EXPECT_EQ(outcome.output, "the program: generate two  words\n") << outcome.errors;
    }
    const Outcome without = machine.shell("PATH=/nowhere exec /bin/dash \"$T2T\" list");
    if (!fs::exists("/bin/dash")) GTEST_SKIP() << "dash is not installed";
    EXPECT_EQ(without.status, 1);
    EXPECT_EQ(without.errors, "t2t: bash is needed; please install it\n");
}

TEST_F(ScriptMachines, WhatStandsAfterTwoDashesIsText) {
    EXPECT_EQ(machine.t2t("generate -- --device --no-install").output,
              "the program: generate -- --device --no-install\n");
}

// ---- compilers

constexpr const char* clang =
    "case $1 in --version) echo 'Debian clang version 14.0.6' ;; *) echo 14.0.6 ;; esac";
constexpr const char* gcc = "case $1 in --version) echo 'g++ (Debian)' ;; *) echo 12.2.0 ;; esac";

TEST_F(ScriptMachines, ACheckBuildNeedsGccBeforeAnythingIsConfigured) {
    machine.program("c++", clang);
    machine.program("clang++", clang);
    EXPECT_EQ(machine.t2t("list").status, 0);
    EXPECT_EQ(
        machine.t2t("check 03 --no-install").errors,
        "t2t: missing packages: g++; install them with: apt-get update && apt-get install g++\n");
    machine.program("g++", gcc);
    EXPECT_EQ(
        machine.t2t("check 03", "CXX=clang++").errors,
        "t2t: ./t2t check, and ./t2t profile without a GPU, need g++ 12 or newer, and CXX names "
        "clang 14.0.6; leave CXX out, or name g++: CXX=g++ ./t2t …\n");
    EXPECT_FALSE(contains(machine.calls(), "--preset cpu-check"));
    machine.t2t("check 03");
    EXPECT_TRUE(
        contains(contents(machine.root() / "build/cpu-check/CMakeCache.txt"), "/bin/g++\n"));
}

TEST_F(ScriptMachines, AnotherCompilerBuildsAllAgain) {
    machine.program("g++-12", gcc);
    ASSERT_EQ(machine.t2t("list").status, 0);
    const std::string was = (machine.folder() / "bin/c++").string();
    const std::string is = (machine.folder() / "bin/g++-12").string();
    const std::string sentence =
        "this build has used " + was + " so far, and CXX names " + is + ": all is built again\n";
    EXPECT_TRUE(contains(machine.t2t("list", "CXX=g++-12").errors, "t2t: " + sentence));
    for (const char* same : {"CXX=g++-12", ""}) {  // and no word about it again
        EXPECT_FALSE(contains(machine.t2t("list", same).errors, "configuring")) << same;
    }
}

TEST_F(ScriptMachines, NvccThatRefusesTheCompilerIsNamed) {
    machine.program("nvidia-smi", "echo 'GPU 0: NVIDIA H200'");
    machine.program("g++", "case $1 in --version) echo 'g++ (Debian)' ;; *) echo 14.2.0 ;; esac");
    machine.program("nvcc", R"([[ $* != *-ccbin* ]] || exit 0
echo "host_config.h:143:2: error: #error -- unsupported GNU version! gcc versions later than 13 are"
echo " not supported!"
exit 1)");
    const std::string sentence =
        "nvcc takes g++ 13 at most, and g++ is g++ 14.2.0; install an older one and name it: apt-get "
        "install g++-13, then CUDAHOSTCXX=g++-13 ./t2t …\n";
    EXPECT_EQ(machine.t2t("test").errors, "t2t: " + sentence);
    EXPECT_FALSE(contains(machine.calls(), "--preset"));
    EXPECT_TRUE(contains(machine.t2t("doctor").output, sentence));
    EXPECT_EQ(machine.t2t("test", "CUDAHOSTCXX=g++-13").status, 0);
}

// ---- GPUs

TEST_F(ScriptMachines, OneOfManyGpusIsEnough) {
    machine.program("nvcc", "");
    // A pipe that is read to its first line ends the writer with an error.
    machine.program(
        "nvidia-smi",
        "for i in {0..20000}; do echo \"GPU $i: NVIDIA H200\" || exit 1; done; exit 15");
    EXPECT_EQ(machine.t2t("list").status, 0);
    EXPECT_TRUE(contains(machine.calls(), "--preset cuda"));
}

TEST_F(ScriptMachines, WindowsHasItsOwnFolder) {
    EXPECT_NE(with_functions("nvidia_gpu_answers").status, 0);
    write("system/usr/lib/wsl/lib/nvidia-smi", "#!/bin/sh\necho 'GPU 0: NVIDIA RTX'\n");
    fs::permissions(machine.folder() / "system/usr/lib/wsl/lib/nvidia-smi", fs::perms::all);
    EXPECT_EQ(with_functions("nvidia_gpu_answers").status, 0);
    EXPECT_EQ(with_functions("nvidia_gpu_answers; nvidia-smi").output, "GPU 0: NVIDIA RTX\n");
}

// ---- packages

TEST_F(ScriptMachines, AptSaysWhatItIsAt) {
    machine.uninstall("libgtest-dev");
    machine.program("apt-get", R"(echo "Reading package lists..."
echo "Setting up libgtest-dev (1.12.1-0.2) ..."
if [[ " $* " == *" install "* ]]; then echo libgtest-dev >> "$SANDBOX/installed"; fi)");
    const Outcome outcome = machine.t2t("list", "apt_pause=0");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(contains(outcome.errors, "\nt2t: apt-get: Setting up libgtest-dev\n"));
    EXPECT_FALSE(contains(outcome.errors, "Reading"));
    EXPECT_TRUE(contains(contents(machine.root() / "build/apt.log"), "Reading package lists..."));
    EXPECT_FALSE(contains(machine.t2t("list").errors, "apt-get"));
}

TEST_F(ScriptMachines, WhatAptCannotDoIsOneSentence) {
    machine.uninstall("libgtest-dev");
    const std::pair<const char*, const char*> cases[] = {
        {"W: Failed to fetch https://a Certificate verification failed: The certificate is NOT trusted.",
         "apt-get cannot trust its servers, perhaps because the package ca-certificates is missing; its "
         "own words are in "},
        {"E: Release file for http://a is not valid yet (invalid for another 3d).",
         "apt-get distrusts its servers' lists, because the clock of this machine is slow; set it; "},
        {"E: Failed to fetch http://a/libgtest-dev_1.12.deb  404  Not Found",
         "the servers no longer have the version of a package that apt-get's list names, and the list "
         "could not be renewed; apt-get update says why "},
        {"E: Unable to locate package libgtest-dev",
         "this system has no such package: libgtest-dev; Debian 12 and Ubuntu 24.04 have them all "},
        {"W: Temporary failure resolving 'a'\nE: Unable to locate package libgtest-dev",
         "apt-get could not download libgtest-dev (is there a network?); "},
        {"E: You don't have enough free space in /var/cache/apt/archives/.",
         "apt-get could not install libgtest-dev: the disk is full; "},
    };
    for (const auto& [words, sentence] : cases) {
        machine.program("apt-get", std::string("echo \"") + words + "\"; exit 100");
        const Outcome outcome = machine.t2t("list");
        EXPECT_EQ(outcome.status, 1);
        EXPECT_TRUE(contains(outcome.errors, std::string("\nt2t: ") + sentence)) << outcome.errors;
    }
}

TEST_F(ScriptMachines, ASystemWithoutTheRightClangFormatGoesOn) {
    machine.remove("clang-format-14");
    machine.program("clang-format", "echo 'Debian clang-format version 19.1.7'");
    EXPECT_EQ(machine.t2t("dev check").output, "the program: dev check\n");
    machine.program("apt-cache", "echo 'clang-format-14 - Tool to format C/C++ code'");
    EXPECT_EQ(
        machine.t2t("dev check --no-install").errors,
        "t2t: missing packages: clang-format-14; install them with: apt-get update && apt-get "
        "install clang-format-14\n");
    machine.program("clang-format", "echo 'clang-format version 14.0.6'");
    EXPECT_EQ(machine.t2t("dev check --no-install").output, "the program: dev check\n");
}

// ---- configuring

TEST_F(ScriptMachines, APathThatCMakeCannotTakeIsNamed) {
    for (const char* name :
         {"c#", "a;b", "a\"b", "a\\b", "a<b", "a>b", "a|b", "[a", "a]", "a\nb"}) {
        const std::string folder = (machine.folder() / name).string();
        EXPECT_EQ(machine.t2t("list", "T2T_BUILD_DIR='" + folder + "'").errors,
                  "t2t: CMake cannot build in '" + folder +
                      "', because the path has one of # ; \" \\ < > | [ ]; move or rename the "
                      "folder\n");
    }
    for (const char* name :
         {"a b", "größe", "it's", "a&b", "a(b)", "50%", "a=b", "a,b", "~a", "{a}"}) {
        const std::string folder = (machine.folder() / name).string();
        EXPECT_EQ(machine.t2t("list", "T2T_BUILD_DIR=\"" + folder + "\"").status, 0) << folder;
    }
}

TEST_F(ScriptMachines, AFullDiskIsSaidToBeFull) {
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *) echo 'CMake Error: file lexing error'; exit 1 ;;
esac)");
    machine.program("df", R"(echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo '/dev/vda 1000000 999000 1000 100% /')");
    const std::string sentence = "t2t: configuring failed, because the disk of " + build_folder() +
                                 " is full; free 2 GiB, or name a folder on another disk: "
                                 "T2T_BUILD_DIR=/elsewhere ./t2t …\n";
    EXPECT_TRUE(contains(machine.t2t("list").errors, sentence));
    machine.remove("df");
    EXPECT_FALSE(contains(machine.t2t("list").errors, sentence));
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *) echo 'as: cannot write: No space left on device'; exit 1 ;;
esac)");
    EXPECT_TRUE(contains(machine.t2t("list").errors, sentence));
}

TEST_F(ScriptMachines, AFailedCompilerTestIsInTheLog) {
    machine.program("cmake", R"(case $* in
    --version) echo "cmake version 3.25.1" ;;
    *)
        mkdir -p "$SANDBOX/a copy/build/cpu/CMakeFiles"
        echo 'ld: cannot find -lstdc++' >"$SANDBOX/a copy/build/cpu/CMakeFiles/CMakeError.log"
        echo 'CMake Error: the compiler cannot link'
        exit 1
        ;;
esac)");
    EXPECT_TRUE(contains(machine.t2t("list").errors, "CMake Error: the compiler cannot link\n"));
    EXPECT_TRUE(contains(contents(machine.root() / "build/configure-cpu.log"),
                         "ld: cannot find -lstdc++\n"));
    EXPECT_FALSE(fs::exists(machine.root() / "build/cpu"));
}

// ---- jobs

TEST_F(ScriptMachines, JobsAreWhatCoresAndMemoryCarry) {
    machine.program("nproc", "echo 16");
    EXPECT_EQ(with_functions("build_jobs").output, "16\n");  // nothing known about memory
    write("system/proc/meminfo", "MemTotal: 99999999 kB\nMemAvailable:    8388608 kB\n");
    EXPECT_EQ(with_functions("build_jobs").output, "8\n");
    write("system/proc/meminfo", "MemAvailable:    500000 kB\n");
    EXPECT_EQ(with_functions("build_jobs").output, "1\n");
}

TEST_F(ScriptMachines, JobsRespectAContainersMemory) {
    machine.program("nproc", "echo 16");
    write("system/proc/meminfo", "MemAvailable:    33554432 kB\n");
    // Version 2, the container's own view; pages of files are given back when memory is short.
    write("system/proc/self/cgroup", "0::/\n");
    write("system/sys/fs/cgroup/memory.max", "4294967296\n");
    write("system/sys/fs/cgroup/memory.stat", "anon 1073741824\nfile 2147483648\n");
    EXPECT_EQ(with_functions("build_jobs").output, "3\n");
    write("system/sys/fs/cgroup/memory.max", "max\n");
    EXPECT_EQ(with_functions("build_jobs").output, "16\n");
    // A limit on a group above.
    write("system/proc/self/cgroup", "0::/user.slice/a/b\n");
    write("system/sys/fs/cgroup/user.slice/a/memory.max", "2147483648\n");
    EXPECT_EQ(with_functions("build_jobs").output, "2\n");
    // Version 1; the path may be the host's.
    write("system/proc/self/cgroup", "9:name=systemd:/\n4:memory:/docker/0123\n0::/\n");
    write("system/sys/fs/cgroup/memory/memory.limit_in_bytes", "5368709120\n");
    write("system/sys/fs/cgroup/memory/memory.stat", "rss 1\ntotal_rss 0\n");
    EXPECT_EQ(with_functions("build_jobs").output, "5\n");
    write("system/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(with_functions("build_jobs").output, "16\n");
}

// ---- the lock

TEST_F(ScriptMachines, AWaitNamesTheCommandThatHasTheLock) {
    const Outcome outcome = with_functions(R"(
(called_with="test 03"; lock_build; echo one; sleep 0.5; echo two; unlock_build) &
sleep 0.2
called_with=list
lock_build
echo three
wait)");
    EXPECT_EQ(outcome.output, "one\ntwo\nthree\n");
    EXPECT_TRUE(contains(outcome.errors, "t2t: waiting for './t2t test 03' (since "))
        << outcome.errors;
    EXPECT_TRUE(contains(contents(machine.folder() / "build/lock"), "'./t2t list' (since "));
}

TEST_F(ScriptMachines, ADiskWithoutLocksIsNotAnotherBuild) {
    machine.program("flock", "exit 71");
    const Outcome outcome = with_functions("called_with=list; lock_build; echo goes on");
    EXPECT_EQ(outcome.output, "goes on\n");
    EXPECT_TRUE(contains(outcome.errors, "cannot be locked, as on some network disks"));
    EXPECT_FALSE(contains(outcome.errors, "waiting"));
}

}  // namespace
}  // namespace t2t::tests
