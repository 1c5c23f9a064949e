// What `t2t doctor` says about machines with each of the faults that people meet.

#include "cli/doctor.hpp"

#include <gtest/gtest.h>

namespace t2t::cli {
namespace {

using Version = std::vector<int>;

constexpr std::uint64_t gibibyte = 1u << 30;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// A machine with nothing wrong: an H200, its driver, toolkit and profiler.
Machine sound_machine() {
    Machine machine;
    machine.nvidia_smi =
        "Thu Nov 20 13:00:00 2025\n"
        "| NVIDIA-SMI 580.65.06    Driver Version: 580.65.06    CUDA Version: 13.0     |\n";
    machine.gpus = "NVIDIA H200, 9.0, 143771, 580.65.06\n";
    machine.nvcc =
        "nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 13.0, V13.0.88\n";
    machine.ncu = "NVIDIA (R) Nsight Compute Command Line Profiler\nVersion 2025.3.1.0 (build 1)\n";
    machine.driver_parameters = "EnableMSI: 1\nRmProfilingAdminOnly: 0\n";
    machine.memory_total = 32 * gibibyte;
    machine.memory_available = 30 * gibibyte;
    machine.disk_available = 50 * gibibyte;
    return machine;
}

Finding finding(const Machine& machine, const std::string& subject) {
    for (const Finding& line : examine(machine)) {
        if (line.subject == subject) return line;
    }
    ADD_FAILURE() << "no line about " << subject;
    return {};
}

void expect(const Machine& machine, const std::string& subject, Mark mark,
            const std::string& words) {
    const Finding line = finding(machine, subject);
    EXPECT_EQ(line.mark, mark) << line.text;
    EXPECT_PRED2(contains, line.text, words);
}

TEST(Doctor, ReadsVersions) {
    EXPECT_EQ(parse_version("13.0"), (Version{13, 0}));
    EXPECT_EQ(parse_version("580.65.06"), (Version{580, 65, 6}));
    EXPECT_EQ(parse_version("12"), (Version{12}));
    EXPECT_EQ(parse_version("N/A"), Version());
    EXPECT_LT(parse_version("12.4"), parse_version("12.10"));
}

TEST(Doctor, SoundMachineHasNoFault) {
    for (const Finding& line : examine(sound_machine())) {
        EXPECT_EQ(line.mark, Mark::good) << line.subject << ": " << line.text;
    }
    expect(sound_machine(), "driver", Mark::good, "580.65.06, for CUDA up to 13.0");
    expect(sound_machine(), "toolkit", Mark::good, "13.0, which the driver runs");
    expect(sound_machine(), "GPU", Mark::good, "NVIDIA H200, compute capability 9.0, 140.4 GiB");
    expect(sound_machine(), "ncu", Mark::good, "2025.3.1.0");
}

TEST(Doctor, NoGpuIsNoFault) {
    Machine machine = sound_machine();
    machine.nvidia_smi = machine.gpus = machine.nvcc = machine.ncu = "";
    machine.driver_parameters = "";
    expect(machine, "driver", Mark::not_applicable, "none");
    expect(machine, "toolkit", Mark::not_applicable, "only needed with a GPU");
    expect(machine, "GPU", Mark::not_applicable,
           "none; the CPU device runs everything except chapter 12");
    expect(machine, "ncu", Mark::not_applicable, "needs a GPU");
}

TEST(Doctor, ToolkitWithoutAGpuIsFine) {
    Machine machine = sound_machine();
    machine.nvidia_smi = machine.gpus = "";
    expect(machine, "toolkit", Mark::good, "13.0");
    machine.nvcc = "Cuda compilation tools, release 11.8, V11.8.89";
    expect(machine, "toolkit", Mark::advice, "11.8 is too old");
}

TEST(Doctor, DriverLibraryMismatch) {
    Machine machine = sound_machine();
    machine.nvidia_smi =
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.65\n";
    machine.gpus = "";
    expect(machine, "driver", Mark::bad, "reboot");
    expect(machine, "driver", Mark::bad, "sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia");
}

TEST(Doctor, DriverThatDoesNotAnswer) {
    Machine machine = sound_machine();
    machine.nvidia_smi =
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\nMake sure\n";
    machine.gpus = "";
    expect(machine, "driver", Mark::advice, "couldn't communicate with the NVIDIA driver.; if");
}

TEST(Doctor, ToolkitNewerThanTheDriver) {
    Machine machine = sound_machine();
    machine.nvidia_smi = "| Driver Version: 550.54.14    CUDA Version: 12.4 |";
    machine.gpus = "NVIDIA H200, 9.0, 143771, 550.54.14\n";
    expect(machine, "toolkit", Mark::bad, "13.0, but the driver runs CUDA up to 12.4");
    // Within one major version, a driver runs what a newer toolkit compiled.
    machine.nvcc = "Cuda compilation tools, release 12.8, V12.8.61";
    expect(machine, "toolkit", Mark::good, "12.8");
}

TEST(Doctor, ToolkitMissingOrOld) {
    Machine machine = sound_machine();
    machine.nvcc = "";
    expect(machine, "toolkit", Mark::advice, "12.4 or newer and no newer than 13.0");
    machine.nvcc = "Cuda compilation tools, release 12.3, V12.3.107";
    expect(machine, "toolkit", Mark::bad, "12.3 is too old");
}

TEST(Doctor, DriverThatDoesNotSayItsCudaVersion) {
    Machine machine = sound_machine();
    machine.nvidia_smi = "| Driver Version: 580.65.06    CUDA Version: N/A |";
    expect(machine, "driver", Mark::good, "580.65.06");
    expect(machine, "toolkit", Mark::good, "13.0");
}

TEST(Doctor, OldGpuIsSentToTheCpuDevice) {
    Machine machine = sound_machine();
    machine.gpus = "NVIDIA H200, 9.0, 143771, 580.65.06\nTesla V100, 7.0, 16384, 580.65.06\n";
    const auto findings = examine(machine);
    EXPECT_EQ(findings[2].mark, Mark::good);
    EXPECT_EQ(findings[3].mark, Mark::advice);
    EXPECT_PRED2(contains, findings[3].text,
                 "Tesla V100, compute capability 7.0, 16.0 GiB; the course");
}

TEST(Doctor, ProfilerThatMayNotReadCounters) {
    Machine machine = sound_machine();
    machine.driver_parameters = "RmProfilingAdminOnly: 1\n";
    expect(machine, "ncu", Mark::advice, "ERR_NVGPUCTRPERM");
    expect(machine, "ncu", Mark::advice, "NVreg_RestrictProfilingToAdminUsers=0");
    machine.administrator = true;
    expect(machine, "ncu", Mark::good, "may read");
    machine.ncu = "";
    expect(machine, "ncu", Mark::advice, "not found");
}

TEST(Doctor, TooLittleMemoryOrDisk) {
    Machine machine = sound_machine();
    machine.memory_available = gibibyte / 2;
    machine.disk_available = gibibyte;
    expect(machine, "memory", Mark::bad, "0.5 GiB available of 32.0 GiB");
    expect(machine, "disk", Mark::bad, "1.0 GiB available for builds");
}

}  // namespace
}  // namespace t2t::cli
