#include "common/lab/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

namespace t2t::lab {
namespace {

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
    const double middle = mean(values);
    double sum = 0;
    for (const double value : values) sum += (value - middle) * (value - middle);
    return sum / static_cast<double>(values.size());
}

/// Sets T2T_SEED for one test.
class Seed : public ::testing::Test {
 protected:
    void set(const char* value) { setenv("T2T_SEED", value, 1); }
    void TearDown() override {
        if (before_.empty()) {
            unsetenv("T2T_SEED");
        } else {
            set(before_.c_str());
        }
    }

 private:
    std::string before_ = std::getenv("T2T_SEED") == nullptr ? "" : std::getenv("T2T_SEED");
};

// The published outputs of SplitMix64 for seed 1234567 (rosettacode.org, "Pseudo-random
// numbers/Splitmix64").
TEST(Random, GivesTheNumbersOfSplitMix64) {
    Random random(1234567);
    EXPECT_EQ(random.bits(), 6457827717110365317u);
    EXPECT_EQ(random.bits(), 3203168211198807973u);
    EXPECT_EQ(random.bits(), 9817491932198370423u);
    EXPECT_EQ(random.bits(), 4593380528125082431u);
    EXPECT_EQ(random.bits(), 16408922859458223821u);
}

TEST(Inputs, UniformFillsItsRange) {
    const auto values = uniform<double>(100'000, -3, 5, 1);
    ASSERT_EQ(values.size(), 100'000u);
    EXPECT_GE(*std::min_element(values.begin(), values.end()), -3);
    EXPECT_LT(*std::min_element(values.begin(), values.end()), -2.999);
    EXPECT_LE(*std::max_element(values.begin(), values.end()), 5);
    EXPECT_GT(*std::max_element(values.begin(), values.end()), 4.999);
    // Mean 1 and variance 8² / 12; 5 standard errors of 100,000 draws.
    EXPECT_NEAR(mean(values), 1, 5 * std::sqrt(64.0 / 12 / 1e5));
    EXPECT_NEAR(variance(values), 64.0 / 12, 5 * 64.0 / 12 * std::sqrt(0.8 / 1e5));
}

TEST(Inputs, NormalHasMeanDeviationAndShape) {
    const auto values = normal<double>(100'000, 2, 3, 7);
    EXPECT_NEAR(mean(values), 2, 5 * 3 / std::sqrt(1e5));
    EXPECT_NEAR(variance(values), 9, 5 * 9 * std::sqrt(2 / 1e5));
    const auto inside = [&](double deviations) {
        return static_cast<double>(
                   std::count_if(values.begin(), values.end(),
                                 [=](double v) { return std::abs(v - 2) < 3 * deviations; })) /
               1e5;
    };
    EXPECT_NEAR(inside(1), std::erf(1 / std::sqrt(2.0)), 0.008);
    EXPECT_NEAR(inside(2), std::erf(2 / std::sqrt(2.0)), 0.004);
    EXPECT_NEAR(inside(3), std::erf(3 / std::sqrt(2.0)), 0.001);
}

TEST(Inputs, IntegersIncludeBothEnds) {
    const auto values = integers<std::int32_t>(1000, -2, 3, 5);
    EXPECT_EQ(std::set<std::int32_t>(values.begin(), values.end()),
              (std::set<std::int32_t>{-2, -1, 0, 1, 2, 3}));
    EXPECT_EQ(integers<std::int64_t>(3, 9, 9, 5), (std::vector<std::int64_t>{9, 9, 9}));
    for (const float value : integers(100, -8, 8, 5)) EXPECT_EQ(value, std::trunc(value));
}

TEST(Inputs, IntegersRefuseAnEmptyOrTooWideRange) {
    EXPECT_THROW(integers(1, 3, 2, 0), std::invalid_argument);
    EXPECT_THROW(integers(1, 0, std::int64_t{1} << 32, 0), std::invalid_argument);
    EXPECT_EQ(integers(1, 0, (std::int64_t{1} << 32) - 1, 0).size(), 1u);
}

TEST(Inputs, FollowTheirSeed) {
    EXPECT_EQ(uniform(100, -1, 1, 3), uniform(100, -1, 1, 3));
    EXPECT_NE(uniform(100, -1, 1, 3), uniform(100, -1, 1, 4));
    EXPECT_TRUE(uniform(0, -1, 1, 3).empty());
}

TEST_F(Seed, IsTheVariable) {
    set("0");
    EXPECT_EQ(test_seed(), 0u);
    set("18446744073709551615");
    EXPECT_EQ(test_seed(), 18446744073709551615u);
}

TEST_F(Seed, IsFixedWithoutTheVariable) {
    unsetenv("T2T_SEED");
    const std::uint64_t fixed = test_seed();
    EXPECT_EQ(test_seed(), fixed);
}

TEST_F(Seed, RefusesWhatIsNoNumber) {
    for (const char* text : {"", "-1", "7x", "1.5", "18446744073709551616"}) {
        set(text);
        EXPECT_THROW(test_seed(), std::invalid_argument) << "'" << text << "'";
    }
}

TEST(Sizes, HoldWhatBreaksKernels) {
    const auto all = sizes(512);
    for (const std::int64_t wanted : {1, 2, 31, 32, 33, 512, 513}) {
        EXPECT_EQ(std::count(all.begin(), all.end(), wanted), 1) << wanted;
    }
    EXPECT_GT(*std::max_element(all.begin(), all.end()), 100'000);
}

TEST(Sizes, AreDistinctForEveryTile) {
    for (const std::int64_t tile : {32, 128, 256, 1000, 1024, 4096}) {
        const auto all = sizes(tile);
        EXPECT_EQ(std::set<std::int64_t>(all.begin(), all.end()).size(), all.size()) << tile;
    }
}

TEST(Extents, HoldEveryKindOfMatrix) {
    const auto all = extents(64);
    const auto some = [&](auto holds) { return std::any_of(all.begin(), all.end(), holds); };
    EXPECT_TRUE(some([](Extent e) { return e.rows == 1 && e.columns > 1; }));
    EXPECT_TRUE(some([](Extent e) { return e.columns == 1 && e.rows > 1; }));
    EXPECT_TRUE(some([](Extent e) { return e.columns > 64 && e.columns % 64 == 1; }));
    EXPECT_TRUE(some([](Extent e) { return e.rows > 64 && e.rows % 64 == 1; }));
    EXPECT_TRUE(some([](Extent e) { return e.rows == 64 && e.columns == 64; }));
    EXPECT_LE(std::count_if(all.begin(), all.end(), [](Extent e) { return e.rows == e.columns; }),
              2);
}

}  // namespace
}  // namespace t2t::lab
