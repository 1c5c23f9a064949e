#include "cli/doctor.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iomanip>
#include <sstream>

namespace t2t::cli {
namespace {

constexpr std::uint64_t mebibyte = 1u << 20;
constexpr std::uint64_t gibibyte = 1u << 30;
/// What a build of one file with nvcc or g++ takes at most.
constexpr std::uint64_t memory_needed = 1 * gibibyte;
/// What the builds for both devices take on disk, with room to spare.
constexpr std::uint64_t disk_needed = 2 * gibibyte;

/// What follows `key` in `text`, up to a blank or one of ",|"; empty when `key` is not there.
std::string value_after(std::string_view text, std::string_view key) {
    const std::size_t found = text.find(key);
    if (found == std::string_view::npos) return "";
    const std::string_view rest = text.substr(found + key.size());
    const std::size_t start = std::min(rest.find_first_not_of(' '), rest.size());
    const std::size_t end = std::min(rest.find_first_of(" ,|\n", start), rest.size());
    return std::string(rest.substr(start, end - start));
}

/// Field `index` of the first line of `csv`, without the blank before it.
std::string field(const std::string& csv, int index) {
    std::istringstream fields(csv.substr(0, csv.find('\n')));
    std::string value;
    for (int i = 0; i <= index; ++i) {
        value.clear();
        std::getline(fields >> std::ws, value, ',');
    }
    return value;
}

std::string gibibytes(std::uint64_t bytes) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / gibibyte << " GiB";
    return text.str();
}

/// The newest CUDA version that the driver runs, `12.8`; empty when nvidia-smi does not say. Its
/// header reads `CUDA Version: 12.8`.
std::string driver_cuda(const Machine& machine) {
    const std::string version = value_after(machine.nvidia_smi, "CUDA Version:");
    return parse_version(version).empty() ? "" : version;
}

std::string toolkit_version(const Machine& machine) {
    const std::string version = value_after(machine.nvcc, "release");
    return parse_version(version).empty() ? "" : version;
}

Finding examine_driver(const Machine& machine) {
    const std::string& words = machine.nvidia_smi;
    if (words.empty()) return {Mark::not_applicable, "driver", "none (no nvidia-smi)"};
    if (words.find("Driver/library version mismatch") != std::string::npos) {
        return {Mark::bad, "driver",
                "the loaded kernel module and the NVIDIA libraries differ in version, as after an "
                "upgrade (Driver/library version mismatch); reboot, or with no program on the GPU: "
                "sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia"};
    }
    if (machine.gpus.empty()) {
        return {Mark::advice, "driver",
                "nvidia-smi says: " + words.substr(0, words.find('\n')) +
                    "; if this machine has an NVIDIA GPU, reinstall its driver and reboot"};
    }
    const std::string cuda = driver_cuda(machine);
    return {Mark::good, "driver",
            field(machine.gpus, 3) + (cuda.empty() ? "" : ", for CUDA up to " + cuda)};
}

Finding examine_toolkit(const Machine& machine) {
    const std::string toolkit = toolkit_version(machine);
    const std::string driver = driver_cuda(machine);
    if (toolkit.empty() && machine.gpus.empty()) {
        return {Mark::not_applicable, "toolkit", "none (no nvcc); it is only needed with a GPU"};
    }
    if (toolkit.empty()) {
        return {Mark::advice, "toolkit",
                "no nvcc in PATH or /usr/local/cuda/bin; to use the GPU, install the CUDA Toolkit, "
                "12.4 or newer" +
                    (driver.empty() ? "" : " and no newer than " + driver) +
                    ": https://developer.nvidia.com/cuda-toolkit-archive"};
    }
    if (parse_version(toolkit) < std::vector{12, 4}) {
        return {machine.gpus.empty() ? Mark::advice : Mark::bad, "toolkit",
                toolkit + " is too old; install CUDA Toolkit 12.4 or newer"};
    }
    if (!driver.empty() && parse_version(driver)[0] < parse_version(toolkit)[0]) {
        return {Mark::bad, "toolkit",
                toolkit + ", but the driver runs CUDA up to " + driver +
                    ": its programs will not start; update the driver, or install a toolkit of "
                    "version " +
                    driver + " or older"};
    }
    return {Mark::good, "toolkit", toolkit + (driver.empty() ? "" : ", which the driver runs")};
}

/// One line for each GPU of `name, compute capability, MiB`.
std::vector<Finding> examine_gpus(const Machine& machine) {
    std::vector<Finding> findings;
    std::istringstream lines(machine.gpus);
    for (std::string line; std::getline(lines, line);) {
        const std::string capability = field(line, 1);
        const std::uint64_t bytes = std::strtoull(field(line, 2).c_str(), nullptr, 10) * mebibyte;
        const std::string text =
            field(line, 0) + ", compute capability " + capability + ", " + gibibytes(bytes);
        if (parse_version(capability) < std::vector{7, 5}) {
            findings.push_back(
                {Mark::advice, "GPU", text + "; the course needs 7.5: use --device cpu"});
        } else {
            findings.push_back({Mark::good, "GPU", text});
        }
    }
    if (findings.empty()) {
        findings.push_back({Mark::not_applicable, "GPU",
                            "none; the CPU device runs everything except chapter 12"});
    }
    return findings;
}

Finding examine_profiler(const Machine& machine) {
    if (machine.gpus.empty()) return {Mark::not_applicable, "ncu", "needs a GPU"};
    const std::string version = value_after(machine.ncu, "Version");
    if (version.empty()) {
        return {Mark::advice, "ncu",
                "not found, and the profile.sh of each chapter uses it; install Nsight Compute, "
                "which is part of the CUDA Toolkit"};
    }
    const bool only_administrators =
        value_after(machine.driver_parameters, "RmProfilingAdminOnly:") == "1";
    if (only_administrators && !machine.administrator) {
        return {Mark::advice, "ncu", version + ", but " + std::string(counters_advice)};
    }
    return {Mark::good, "ncu", version + ", and it may read the GPU's counters"};
}

Finding examine_memory(const Machine& machine) {
    const std::string text =
        gibibytes(machine.memory_available) + " available of " + gibibytes(machine.memory_total);
    if (machine.memory_available < memory_needed) {
        return {Mark::bad, "memory", text + "; a build needs 1 GiB: close other programs"};
    }
    return {Mark::good, "memory", text};
}

Finding examine_disk(const Machine& machine) {
    const std::string text = gibibytes(machine.disk_available) + " available for builds";
    if (machine.disk_available < disk_needed) {
        return {Mark::bad, "disk",
                text + ", and they need 2 GiB; free some, or build elsewhere: T2T_BUILD_DIR=…"};
    }
    return {Mark::good, "disk", text};
}

}  // namespace

std::vector<int> parse_version(std::string_view text) {
    std::vector<int> numbers;
    const char* end = text.data() + text.size();
    for (const char* at = text.data(); at < end;) {
        int number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc{}) break;
        numbers.push_back(number);
        if (next == end || *next != '.') break;
        at = next + 1;
    }
    return numbers;
}

std::vector<Finding> examine(const Machine& machine) {
    std::vector<Finding> findings{examine_driver(machine), examine_toolkit(machine)};
    for (Finding& gpu : examine_gpus(machine)) findings.push_back(std::move(gpu));
    findings.push_back(examine_profiler(machine));
    findings.push_back(examine_memory(machine));
    findings.push_back(examine_disk(machine));
    return findings;
}

}  // namespace t2t::cli
