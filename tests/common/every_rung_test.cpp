/// @file
/// tests/every_rung.hpp: a rung is tested on what it takes, and one that takes nothing fails.
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

int runs = 0;
void v1_even(const Nothing&, cudaStream_t) {
    ++runs;
}

constexpr Ladder ladder{
    "nothing", std::array{Rung<Nothing>{
                   .name = "v1_even",
                   .run = v1_even,
                   .idea = "pairs",
                   .takes = {"n that is even", [](const Nothing& op) { return op.n % 2 == 0; }}}}};

using EvenOnly = EveryRung<ladder>;
T2T_EVERY_RUNG(EvenOnly);

lab::Comparison check(const Rung<Nothing>& rung, const Nothing& op) {
    lab::RungCheck check("nothing", rung.name);
    return check.run(rung, op);
}

TEST_P(EvenOnly, LeavesOutWhatItDoesNotTake) {
    runs = 0;
    const lab::Comparison odd = check(rung(), {.n = 3});
    EXPECT_TRUE(odd.ok()) << odd.message();
    EXPECT_EQ(runs, 0);
    EXPECT_TRUE(check(rung(), {.n = 4}).ok());
    EXPECT_EQ(runs, 2);
}

TEST_P(EvenOnly, FailsWhenItTakesNoneOfWhatIsOffered) {
    TearDown();  // nothing was offered: no failure
    check(rung(), {.n = 1});
    check(rung(), {.n = 3});
    EXPECT_NONFATAL_FAILURE(TearDown(),
                            "v1_even takes n that is even: none of the operations of this test "
                            "(2); add one that it takes");
    check(rung(), {.n = 4});  // and the real TearDown() is content
}

}  // namespace
}  // namespace t2t::tests
