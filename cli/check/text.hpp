/// @file
/// What `t2t check` prints for people.
#pragma once

#include <span>
#include <string>

#include "cli/check/rung_report.hpp"
#include "cli/check/source_files.hpp"

namespace t2t::rung_check {

/// Above all else about one rung on one shape: `transpose · v2_tile · 64 × 64` and its launches.
std::string heading(const RungReport& rung);

/// Faults and a wrong result, each with what to do; one line when there is neither.
std::string verdict(const RungReport& rung);

/// One table a kernel, with a row for each line and kind of access.
std::string traffic_tables(const observer::Report& report, SourceFiles& sources);

/// What all kernels did together: bytes, lanes, operations, a few lines.
std::string totals(const observer::Traffic& traffic);

/// Nsight Compute's names for what the tables of `shown` count: all that they show together.
/// Empty when they show nothing.
std::string metric_names(const observer::Traffic& shown);

/// The last line: how many faults and wrong results there were, in how many runs of how many rungs.
std::string summary(std::span<const RungReport> rungs);

}  // namespace t2t::rung_check
