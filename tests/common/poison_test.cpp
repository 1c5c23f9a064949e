// The patterns must be NaN in every floating-point type; the bits are those of IEEE 754 and of
// bfloat16.
#include "common/lab/poison.hpp"

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace t2t::lab {
namespace {

bool is_half_nan(std::uint16_t bits) {
    return (bits & 0x7C00) == 0x7C00 && (bits & 0x03FF) != 0;
}
bool is_bfloat16_nan(std::uint16_t bits) {
    return (bits & 0x7F80) == 0x7F80 && (bits & 0x7F) != 0;
}

template <typename T>
T repeated(std::uint16_t pattern) {
    T value;
    fill_poison(&value, sizeof(T), pattern);
    return value;
}

template <typename T>
bool has_bits_of(T a, T b) {
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

TEST(Poison, OutputsStartAsNan) {
    EXPECT_TRUE(std::isnan(poisoned_value<float>()));
    EXPECT_TRUE(std::isnan(poisoned_value<double>()));
    EXPECT_TRUE(is_half_nan(poisoned_value<std::uint16_t>()));
    EXPECT_TRUE(is_bfloat16_nan(poisoned_value<std::uint16_t>()));
}

TEST(Poison, MarginsAreNanAndTakeTurns) {
    std::set<std::uint16_t> patterns;
    for (unsigned turn = 0; turn < 6; ++turn) {
        const std::uint16_t pattern = margin_poison(turn);
        EXPECT_TRUE(std::isnan(repeated<float>(pattern)));
        EXPECT_TRUE(std::isnan(repeated<double>(pattern)));
        EXPECT_TRUE(is_half_nan(pattern));
        EXPECT_TRUE(is_bfloat16_nan(pattern));
        patterns.insert(pattern);
    }
    EXPECT_EQ(patterns.size(), 6u);
    EXPECT_EQ(margin_poison(6), margin_poison(0));
}

TEST(Poison, ArithmeticChangesItsBitsAndCopiesDoNot) {
    volatile float single = poisoned_value<float>();
    volatile double twice = poisoned_value<double>();
    EXPECT_FALSE(has_bits_of<float>(single + 1.0f, poisoned_value<float>()));
    EXPECT_FALSE(has_bits_of<double>(twice + 1.0, poisoned_value<double>()));
    EXPECT_TRUE(
        has_bits_of(std::vector<float>(3, poisoned_value<float>())[2], poisoned_value<float>()));
}

}  // namespace
}  // namespace t2t::lab
