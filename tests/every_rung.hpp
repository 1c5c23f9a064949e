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
///     for (const std::int64_t n : lab::sizes()) { … rung().run(…) … }
/// }
/// @endcode
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
        const std::string reason = lab::skip_reason(rung().needs);
        if (!reason.empty()) GTEST_SKIP() << rung().name << " " << reason;
    }
};

}  // namespace t2t::tests

/// Makes the cases of a suite `using Suite = t2t::tests::EveryRung<ladder>` run for every rung.
#define T2T_EVERY_RUNG(Suite) \
    INSTANTIATE_TEST_SUITE_P(Rungs, Suite, Suite::indices(), Suite::rung_name)
