/// @file
/// tests/every_rung.hpp: a rung that takes none of the operations offered to it was not tested.
#include "tests/every_rung.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "common/lab/ladder.hpp"

namespace t2t::tests {
namespace {

struct Nothing {
    std::int64_t n = 0;
    std::span<std::byte> workspace = {};

    bool check() const { return false; }
    Work work() const { return {}; }
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_even(const Nothing&, cudaStream_t) {}

constexpr Ladder ladder{
    "nothing", std::array{Rung<Nothing>{
                   .name = "v1_even",
                   .run = v1_even,
                   .idea = "pairs",
                   .takes = {"n that is even", [](const Nothing& op) { return op.n % 2 == 0; }}}}};

using EvenOnly = EveryRung<ladder>;
T2T_EVERY_RUNG(EvenOnly);

TEST_P(EvenOnly, FailsWhenItTakesNoneOfWhatIsOffered) {
    TearDown();  // nothing was offered: no failure
    EXPECT_FALSE(takes({.n = 1}));
    EXPECT_FALSE(takes({.n = 3}));
    EXPECT_NONFATAL_FAILURE(TearDown(),
                            "v1_even takes n that is even, and none of the 2 operations offered to "
                            "it; offer one that it takes");
    EXPECT_TRUE(takes({.n = 4}));  // and the real TearDown() is content
}

}  // namespace
}  // namespace t2t::tests
