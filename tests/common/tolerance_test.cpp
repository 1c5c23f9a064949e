#include "common/lab/tolerance.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

namespace t2t::lab {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Tolerance, ExactAcceptsOnlyTheValue) {
    EXPECT_TRUE(Tolerance::exact().accepts(1.5, 1.5));
    EXPECT_TRUE(Tolerance::exact().accepts(0.0, -0.0));
    EXPECT_FALSE(Tolerance::exact().accepts(1.5, std::nextafter(1.5, 2.0)));
}

TEST(Tolerance, ScaleBoundsTheAbsoluteError) {
    const Tolerance tolerance = Tolerance::relative_to_scale(0.25, "a quarter");
    EXPECT_TRUE(tolerance.accepts(1000.0, 1000.25));
    EXPECT_FALSE(tolerance.accepts(1000.0, 1000.5));
    EXPECT_TRUE(tolerance.accepts(0.0, -0.25));
    EXPECT_EQ(tolerance.reason(), "a quarter");
}

TEST(Tolerance, ValueBoundsTheRelativeError) {
    const Tolerance tolerance = Tolerance::relative_to_value(0.125, "an eighth");
    EXPECT_TRUE(tolerance.accepts(8.0, 9.0));
    EXPECT_TRUE(tolerance.accepts(-8.0, -7.0));
    EXPECT_FALSE(tolerance.accepts(1.0, 2.0));
    EXPECT_FALSE(tolerance.accepts(0.0, 1e-30));
}

TEST(Tolerance, NanIsWrongUnlessExpected) {
    const Tolerance wide = Tolerance::relative_to_scale(1e300, "anything");
    EXPECT_FALSE(wide.accepts(1.0, nan));
    EXPECT_FALSE(wide.accepts(inf, nan));
    EXPECT_FALSE(wide.accepts(nan, 1.0));
    EXPECT_TRUE(wide.accepts(nan, nan));
}

TEST(Tolerance, InfinitiesMustBeEqual) {
    for (const Tolerance& tolerance :
         {Tolerance::exact(), Tolerance::relative_to_scale(1e300, "wide"),
          Tolerance::relative_to_value(1.0, "wide")}) {
        EXPECT_TRUE(tolerance.accepts(inf, inf));
        EXPECT_TRUE(tolerance.accepts(-inf, -inf));
        EXPECT_FALSE(tolerance.accepts(inf, -inf));
        EXPECT_FALSE(tolerance.accepts(inf, 1e38));
        EXPECT_FALSE(tolerance.accepts(1e38, inf));
    }
}

TEST(Tolerance, RefusesABoundThatAcceptsEverything) {
    for (const double bound : {-1.0, inf, nan}) {
        EXPECT_THROW(Tolerance::relative_to_scale(bound, ""), std::invalid_argument);
        EXPECT_THROW(Tolerance::relative_to_value(bound, ""), std::invalid_argument);
    }
}

}  // namespace
}  // namespace t2t::lab
