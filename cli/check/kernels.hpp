/// @file
/// Reports put together by kernel and by file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// All launches of one kernel, whatever their configuration.
struct KernelSum {
    std::string kernel;              ///< its name
    std::string configuration{};     ///< `<<<1024, (32, 8)>>>`; empty when there was more than one
    std::size_t configurations = 0;  ///< of grid, block and shared memory
    std::uint64_t launches = 0;      ///< in all configurations
    std::map<observer::SourceLine, observer::Traffic> lines{};  ///< by file and line

    /// `tile_kernel<<<1024, (32, 8)>>>`, with the number of launches when it is not 1.
    std::string title() const;
};

/// The kernels of a report, in the order of their first launch.
std::vector<KernelSum> kernel_sums(const observer::Report& report);

/// Traffic by file and line, over all kernels.
std::map<std::string, std::map<int, observer::Traffic>> traffic_by_file(
    const observer::Report& report);

/// `(32, 8)` or `1024`: what one would write between `<<<` and `>>>`, without ones at the end.
std::string dimensions(const dim3& size);

}  // namespace t2t::rung_check
