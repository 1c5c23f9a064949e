/// @file
/// Runs a rung with every access of its kernels seen. Only in a check build.
#pragma once

#include <string>

#include "cli/check/rung_report.hpp"
#include "common/device/properties.hpp"
#include "common/lab/bench/bench_case.hpp"

namespace t2t::rung_check {

/// Runs `rung` once, on operands of its own, and judges its result. A rung that needs more than
/// `device` offers is not run, and the report says why.
/// @throws std::invalid_argument when `bench_case` has no such rung
RungReport observe_rung(const lab::BenchCase& bench_case, const std::string& rung,
                        const DeviceProperties& device);

}  // namespace t2t::rung_check
