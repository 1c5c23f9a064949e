/// @file
/// The traffic of a line, taken apart by kind of access: what tables and listings have as rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// One kind of access of a line, such as `global load`.
struct Access {
    std::string name;            ///< `global load`
    std::uint64_t requests = 0;  ///< instructions of a warp
    double each = 0;             ///< what a request takes on average, in units of `unit`
    std::string unit;            ///< `sectors`, `passes`, `rounds`; empty for barriers
    double efficiency = 0;       ///< 1 when nothing is wasted; global broadcasts have more
};

/// The kinds of access that `traffic` has: global before shared, loads before stores before atomics,
/// then barriers and warp operations.
std::vector<Access> accesses(const observer::Traffic& traffic);

}  // namespace t2t::rung_check
