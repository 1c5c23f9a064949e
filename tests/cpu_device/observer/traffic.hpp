/// @file
/// What the traffic tests share. Every expected number is worked out by hand beside its test.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/observe.hpp"
#include "tests/cpu_device/observer/buffers.hpp"

namespace t2t::observer {

/// The report on the one kernel that `work` launches, which is sound.
inline KernelReport report_of(const std::function<void()>& work) {
    const Report report = observe(work);
    EXPECT_TRUE(report.clean()) << report.faults_text();
    if (report.kernels.size() != 1) {
        throw std::runtime_error("saw " + std::to_string(report.kernels.size()) +
                                 " kernels where one was launched");
    }
    return report.kernels[0];
}

/// The traffic of the one kernel that `work` launches.
inline Traffic traffic_of(const std::function<void()>& work) {
    return report_of(work).total;
}

}  // namespace t2t::observer
