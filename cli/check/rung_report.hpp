/// @file
/// What `t2t check` found out about one rung on one shape.
#pragma once

#include <algorithm>
#include <string>

#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// One rung on one shape: what the observer saw, and whether the result is right.
struct RungReport {
    std::string operation;    ///< the ladder's name
    std::string rung;         ///< `v2_tile`
    std::string shape;        ///< label, for example `1024 × 1024`
    bool first_shape = true;  ///< the first shape of its ladder: the one whose traffic is printed
    std::string skipped{};    ///< why it was not run; empty when it was
    std::string wrong{};      ///< what is wrong with its result, in one sentence; empty when right
    observer::Report report{};  ///< faults and traffic; empty when it was not run

    /// Whether a trap ended a kernel: there is no result to judge.
    bool trapped() const {
        return std::ranges::any_of(report.faults, [](const observer::Fault& fault) {
            return fault.kind == observer::FaultKind::trap;
        });
    }
    /// Nothing to complain about.
    bool clean() const { return wrong.empty() && report.clean(); }
};

}  // namespace t2t::rung_check
