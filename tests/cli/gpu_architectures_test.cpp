// What a CUDA build compiles for, by what nvidia-smi says of the machine's GPUs.

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

class GpuArchitectures : public ::testing::Test {
 protected:
    // nvidia-smi, when asked for compute capabilities, runs `answer`.
    void nvidia_smi(const std::string& answer) {
        machine.program(
            "nvidia-smi",
            "[[ $* == '--query-gpu=compute_cap --format=csv,noheader' ]] || exit 2\n" + answer);
    }
    // What the build would set CMAKE_CUDA_ARCHITECTURES to.
    std::string chosen() {
        const std::filesystem::path script = machine.folder() / "print.cmake";
        std::ofstream(script) << "cmake_minimum_required(VERSION 3.25)\n"
                              << "include(\""
                              << std::filesystem::absolute("cmake/gpu_architectures.cmake").string()
                              << "\")\n"
                              << "t2t_gpu_architectures(architectures)\n"
                              << "message(\"${architectures}\")\n";
        return machine.shell(REAL_CMAKE " -P '" + script.string() + "'").errors;
    }
    Sandbox machine;
};

TEST_F(GpuArchitectures, AreThoseOfTheGpus) {
    nvidia_smi("echo 8.6");
    EXPECT_EQ(chosen(), "86-real\n");
    nvidia_smi("echo 12.0");
    EXPECT_EQ(chosen(), "120-real\n");
}

TEST_F(GpuArchitectures, HaveWgmmaAndTmaOnHopper) {
    nvidia_smi("echo 9.0");
    EXPECT_EQ(chosen(), "90a-real\n");
}

TEST_F(GpuArchitectures, AreEachThereOnce) {
    nvidia_smi(R"(printf '9.0\n8.0\n9.0\n')");
    EXPECT_EQ(chosen(), "90a-real;80-real\n");
}

TEST_F(GpuArchitectures, AreLeftToCMakeWhenNobodyKnows) {
    EXPECT_EQ(chosen(), "native\n");  // no nvidia-smi
    nvidia_smi("echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2");
    EXPECT_EQ(chosen(), "native\n");
    nvidia_smi("echo 'No devices were found'");
    EXPECT_EQ(chosen(), "native\n");
    nvidia_smi("echo 'driver 535.54 does not match'; exit 18");
    EXPECT_EQ(chosen(), "native\n");
}

}  // namespace
}  // namespace t2t::tests
