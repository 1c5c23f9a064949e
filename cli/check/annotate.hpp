/// @file
/// The source with its traffic beside it: `t2t check --annotate`.
#pragma once

#include <string>

#include "cli/check/source_files.hpp"
#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// The lines of each file that have traffic, over all kernels, with a few lines around them.
///
/// Left of each line stand the requests of its warps, then for each kind of access what a request
/// takes: sectors of global memory, passes over the banks of shared memory, rounds of atomics; then
/// barriers and FLOPs. Columns without an entry in the file are left out.
std::string annotated(const observer::Report& report, SourceFiles& sources);

}  // namespace t2t::rung_check
