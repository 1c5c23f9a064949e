/// @file
/// Floating-point operations as a person counts them, to hold the observer's against.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "common/cpu_device/observer/program/machine_code.hpp"

namespace t2t::observer {

/// Operations of one type. What is not named is expected to be none.
struct Expected {
    std::uint64_t add = 0, mul = 0, fma = 0, special = 0;
};

inline void expect_flops(const Flops& actual, const Expected& expected, std::string_view what) {
    EXPECT_EQ(actual.add, expected.add) << what;
    EXPECT_EQ(actual.mul, expected.mul) << what;
    EXPECT_EQ(actual.fma, expected.fma) << what;
    EXPECT_EQ(actual.special, expected.special) << what;
}

}  // namespace t2t::observer
