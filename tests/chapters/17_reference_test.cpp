// The references of chapter 17 are checked against small results worked out by hand.
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "common/lab/reference/experts.hpp"

namespace t2t::lab::reference {
namespace {

using Floats = std::vector<float>;
using Ids = std::vector<std::int32_t>;
using Doubles = std::vector<double>;

TEST(ExpertsReference, RoutesByHand) {
    const float log3 = std::log(3.0f);
    const Routing routing = route(Floats{0, 5 + log3, 5, 5, 1, 0, 1, 1}, 4, 2);
    EXPECT_EQ(routing.chosen, (Doubles{1, 2, 0, 2}));  // of equals the first
    EXPECT_NEAR(routing.shares[0], 0.75, 1e-6);        // 3 : 1
    EXPECT_NEAR(routing.shares[1], 0.25, 1e-6);
    EXPECT_EQ(routing.shares[2], 0.5);
    EXPECT_EQ(routing.shares[3], 0.5);
}

TEST(ExpertsReference, RoutesNanNowhere) {
    const Routing routing = route(Floats{7, std::nanf(""), 9}, 3, 2);
    EXPECT_EQ(routing.chosen, (Doubles{0, 1}));
    EXPECT_TRUE(std::isnan(routing.shares[0]) && std::isnan(routing.shares[1]));
}

TEST(ExpertsReference, RefusesSizesThatDoNotFit) {
    EXPECT_THROW(route(Floats{1, 2, 3}, 2, 1), std::invalid_argument);
    EXPECT_THROW(route(Floats{1, 2}, 2, 3), std::invalid_argument);
    EXPECT_THROW(route(Floats{1, 2}, 2, 0), std::invalid_argument);
    const ExpertsSizes sizes{2, 1, 1, 1};
    EXPECT_THROW(experts(Floats{1}, Ids{0}, Floats{1}, Floats(4), Floats(2), sizes),
                 std::invalid_argument);
    EXPECT_THROW(experts(Floats{1, 1}, Ids{0, 0}, Floats{1}, Floats(4), Floats(2), sizes),
                 std::invalid_argument);
    EXPECT_THROW(experts(Floats{1, 1}, Ids{0}, Floats{1, 1}, Floats(4), Floats(2), sizes),
                 std::invalid_argument);
    EXPECT_THROW(experts(Floats{1, 1}, Ids{0}, Floats{1}, Floats(5), Floats(2), sizes),
                 std::invalid_argument);
    EXPECT_THROW(experts(Floats{1, 1}, Ids{0}, Floats{1}, Floats(4), Floats(3), sizes),
                 std::invalid_argument);
}

// Two experts with one inner value, width 2. For x = (1, 2):
// expert 0: gate = 1·1 + 0·2 = 1, up = 1·1 + 1·2 = 3; expert 1: gate = 0, up = 9.
TEST(ExpertsReference, MixesByHand) {
    const Floats x{1, 2};
    const Floats gate_up{1, 0, 1, 1, 2, -1, 5, 2};
    const Floats down{10, 20, 30, 40};
    const ExpertsSizes sizes{2, 1, 2, 2};
    const double silu1 = 1 / (1 + std::exp(-1.0));
    const Doubles hidden = experts_hidden(x, Ids{1, 0}, gate_up, sizes);
    EXPECT_EQ(hidden[0], 0);
    EXPECT_DOUBLE_EQ(hidden[1], silu1 * 3);
    const Doubles y = experts(x, Ids{1, 0}, Floats{0.25f, 0.5f}, gate_up, down, sizes);
    EXPECT_DOUBLE_EQ(y[0], 0.5 * 10 * silu1 * 3);
    EXPECT_DOUBLE_EQ(y[1], 0.5 * 20 * silu1 * 3);
    for (const double value : experts(x, Ids{0, 2}, Floats{1, 0}, gate_up, down, sizes)) {
        EXPECT_TRUE(std::isnan(value));
    }
}

}  // namespace
}  // namespace t2t::lab::reference
