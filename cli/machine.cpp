/// @file
/// Looks at the machine for `t2t doctor`.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/doctor.hpp"
#include "common/process/child_process.hpp"

namespace t2t::cli {
namespace {

/// What the shell command prints when it succeeds, else nothing.
std::string output_of(const std::string& command) {
    const process::Output output = process::run(command + " 2>/dev/null");
    return output.status == 0 ? output.text : "";
}

std::string contents(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string from_environment(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

/// The toolkit's program `name`: from PATH, or from where the toolkit is usually installed.
std::string toolkit_output(const std::string& name) {
    const std::string output = output_of(name + " --version");
    if (!output.empty()) return output;
    return output_of(
        process::shell_word(from_environment("CUDA_HOME", "/usr/local/cuda") + "/bin/" + name) +
        " --version");
}

/// Bytes in the line `key: N kB` of /proc/meminfo.
std::uint64_t memory_entry(const std::string& meminfo, const std::string& key) {
    const std::size_t found = meminfo.find(key + ":");
    if (found == std::string::npos) return 0;
    return std::strtoull(meminfo.c_str() + found + key.size() + 1, nullptr, 10) * 1024;
}

/// Does this process hold CAP_SYS_ADMIN, which the driver asks for? Root in a container often does
/// not.
bool may_administrate() {
    constexpr int cap_sys_admin = 21;
    const std::string status = contents("/proc/self/status");
    const std::size_t found = status.find("CapEff:");
    if (found == std::string::npos) return false;
    return std::strtoull(status.c_str() + found + 7, nullptr, 16) >> cap_sys_admin & 1;
}

}  // namespace

Machine gather() {
    Machine machine;
    machine.nvidia_smi =
        output_of("command -v nvidia-smi >/dev/null && { nvidia-smi 2>&1 || true; }");
    machine.gpus = output_of(
        "nvidia-smi --query-gpu=name,compute_cap,memory.total,driver_version "
        "--format=csv,noheader,nounits");
    machine.nvcc = toolkit_output("nvcc");
    machine.ncu = toolkit_output("ncu");
    machine.driver_parameters = contents("/proc/driver/nvidia/params");
    machine.administrator = may_administrate();

    const std::string meminfo = contents("/proc/meminfo");
    machine.memory_total = memory_entry(meminfo, "MemTotal");
    machine.memory_available = memory_entry(meminfo, "MemAvailable");

    std::error_code unreadable;
    const auto space = std::filesystem::space(from_environment("T2T_BUILD_DIR", "."), unreadable);
    if (!unreadable) machine.disk_available = space.available;
    return machine;
}

}  // namespace t2t::cli
