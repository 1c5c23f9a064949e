/// @file
/// `t2t doctor`: what this machine has for CUDA, what is wrong with it, and what to do.
///
/// gather() looks at the machine; examine() judges what was found and touches nothing, so that every
/// verdict can be tested without the machine that has the fault.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace t2t::cli {

/// What was found on a machine. Texts are the sources' own words, empty where there is no source.
struct Machine {
    std::string nvidia_smi;          ///< the output of `nvidia-smi`, errors included
    std::string gpus;                ///< one line per GPU: `name, compute capability, MiB, driver`
    std::string nvcc;                ///< the output of `nvcc --version`
    std::string ncu;                 ///< the output of `ncu --version`
    std::string driver_parameters;   ///< /proc/driver/nvidia/params
    bool administrator = false;      ///< may this process do what only administrators may?
    std::uint64_t memory_total = 0;  ///< bytes
    std::uint64_t memory_available = 0;  ///< bytes
    std::uint64_t disk_available = 0;    ///< bytes, where builds go
};

/// How a line of the report begins.
enum class Mark {
    good,            ///< ✓
    bad,             ///< ✗, and something that is needed does not work
    advice,          ///< ✗, but everything needed works without it
    not_applicable,  ///< –
};

/// One line of the report.
struct Finding {
    Mark mark;            ///< how the line begins
    std::string subject;  ///< `driver`
    std::string text;     ///< what is there; when something is wrong, also what to do
};

/// Who may read the GPU's counters when not everyone may, and what to do: what follows `ncu is there,
/// but`.
inline constexpr std::string_view counters_advice =
    "only administrators may read the GPU's counters (ERR_NVGPUCTRPERM); run it with sudo, or allow "
    "everyone and reboot: echo options nvidia NVreg_RestrictProfilingToAdminUsers=0 | sudo tee "
    "/etc/modprobe.d/nvidia-counters.conf";

/// Looks at this machine. What cannot be read is left empty.
Machine gather();

/// Judges `machine`, one line a subject, in the order of printing.
std::vector<Finding> examine(const Machine& machine);

/// A version, `13.0` or `580.65.06`, as numbers that compare: {13, 0}. Empty when `text` has none.
std::vector<int> parse_version(std::string_view text);

}  // namespace t2t::cli
