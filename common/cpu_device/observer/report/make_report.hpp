/// @file
/// From what was seen to a report.
#pragma once

#include <vector>

#include "common/cpu_device/observer/report/report.hpp"
#include "common/cpu_device/observer/report/seen.hpp"

namespace t2t::observer {

/// Turns what was seen into a report: looks up lines, names and the costs of basic blocks.
Report make_report(const std::vector<SeenKernel>& kernels, const std::vector<SeenFault>& faults);

}  // namespace t2t::observer
