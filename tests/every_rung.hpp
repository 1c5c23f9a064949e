/// @file
/// One test case for every rung of a ladder.
#pragma once

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "common/lab/check_rung.hpp"

namespace t2t::tests {

/// A test suite whose cases run once for each rung of `ladder`, each in a test of its own that
/// bears the rung's name. A rung that this device cannot run is skipped, with the reason.
/// @code
/// using VectorAdd = tests::EveryRung<vector_add::ladder>;
/// T2T_EVERY_RUNG(VectorAdd);
///
/// TEST_P(VectorAdd, AddsEverySize) {
///     for (const std::int64_t n : lab::sizes()) { … check.run(rung(), …) … }
/// }
/// @endcode
///
/// lab::RungCheck leaves out an operation that the rung does not take. A test in which the rung took
/// none of those that it was offered has tested nothing, and fails.
template <const auto& ladder>
class EveryRung : public ::testing::TestWithParam<std::size_t> {
 public:
    static auto indices() { return ::testing::Range<std::size_t>(0, ladder.size()); }
    static std::string rung_name(const ::testing::TestParamInfo<std::size_t>& info) {
        return std::string(ladder.rungs[info.param].name);
    }

 protected:
    const auto& rung() const { return ladder.rungs[GetParam()]; }

    void SetUp() override {
        lab::RungCheck::offered() = {};
        const std::string reason = lab::skip_reason(rung().needs);
        if (!reason.empty()) GTEST_SKIP() << rung().name << " " << reason;
    }
    void TearDown() override {
        const auto [operations, taken] = lab::RungCheck::offered();
        if (operations == 0 || taken > 0) return;
        ADD_FAILURE() << rung().name << " takes " << rung().takes.what
                      << ": none of the operations of this test (" << operations
                      << "); add one that it takes";
    }
};

}  // namespace t2t::tests

/// Makes the cases of a suite `using Suite = t2t::tests::EveryRung<ladder>` run for every rung.
#define T2T_EVERY_RUNG(Suite) \
    INSTANTIATE_TEST_SUITE_P(Rungs, Suite, Suite::indices(), Suite::rung_name)
