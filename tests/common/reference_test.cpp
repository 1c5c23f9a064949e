// The references are checked against small results worked out by hand.
#include "common/lab/reference/arrays.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace t2t::lab::reference {
namespace {

using Floats = std::vector<float>;
using Ids = std::vector<std::int32_t>;
using Doubles = std::vector<double>;

const Floats six{1, 2, 3, 4, 5, 6};

TEST(Reference, AddsInFloat64) {
    EXPECT_EQ(add(Floats{1, 16777216}, Floats{-3, 1}), (Doubles{-2, 16777217}));
    EXPECT_EQ(add(Floats{}, Floats{}), Doubles{});
    EXPECT_THROW(add(Floats{1}, Floats{}), std::invalid_argument);
}

TEST(Reference, CopiesEveryStrideThElement) {
    EXPECT_EQ(copy(six), (Doubles{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(copy(six, 2), (Doubles{1, 3, 5}));
    EXPECT_EQ(copy(six, 4), (Doubles{1, 5}));
    EXPECT_EQ(copy(six, 7), (Doubles{1}));
    EXPECT_THROW(copy(six, 0), std::invalid_argument);
}

TEST(Reference, AosToSoaKeepsFieldsTogether) {
    EXPECT_EQ(aos_to_soa(six, 2), (Doubles{1, 3, 5, 2, 4, 6}));
    EXPECT_EQ(aos_to_soa(six, 3), (Doubles{1, 4, 2, 5, 3, 6}));
    EXPECT_THROW(aos_to_soa(six, 4), std::invalid_argument);
    EXPECT_THROW(aos_to_soa(six, 0), std::invalid_argument);
}

TEST(Reference, GatherRowsLooksUpEachId) {
    EXPECT_EQ(gather_rows(six, Ids{2, 0, 2}, {3, 2}), (Doubles{5, 6, 1, 2, 5, 6}));
    EXPECT_THROW(gather_rows(six, Ids{0}, {2, 2}), std::invalid_argument);
}

TEST(Reference, GatherRowsGivesNanOutsideTheTable) {
    const Doubles rows = gather_rows(six, Ids{-1, 3, 1}, {3, 2});
    ASSERT_EQ(rows.size(), 6u);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(rows[i])) << i;
    EXPECT_EQ(rows[4], 3);
    EXPECT_EQ(rows[5], 4);
}

TEST(Reference, TransposeExchangesRowsAndColumns) {
    EXPECT_EQ(transpose(six, {2, 3}), (Doubles{1, 4, 2, 5, 3, 6}));
    EXPECT_EQ(transpose(six, {6, 1}), (Doubles{1, 2, 3, 4, 5, 6}));
    EXPECT_THROW(transpose(six, {2, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace t2t::lab::reference
