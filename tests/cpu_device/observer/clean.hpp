/// @file
/// Sound kernels: patterns that look like a fault to a careless observer.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/observe.hpp"
#include "tests/cpu_device/observer/buffers.hpp"

namespace t2t::observer {

/// Expects that nothing is reported about the kernels that `work` launches, and that they were seen.
inline void expect_clean(const std::function<void()>& work) {
    const Report report = observe(work);
    EXPECT_TRUE(report.clean()) << report.faults_text();
    const Traffic total = report.total();
    EXPECT_GT(total.global_store.requests + total.global_atomic.requests, 0u) << "saw no kernel";
}

}  // namespace t2t::observer
