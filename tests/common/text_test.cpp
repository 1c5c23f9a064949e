// Text for a terminal, expected as the C and the Unicode standard have it.

#include "common/text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace t2t {
namespace {

TEST(Text, IsWhatPrintfPrints) {
    EXPECT_EQ(formatted("no values, 100 %%"), "no values, 100 %");
    EXPECT_EQ(formatted("%02d  %-6s|%8.3f", 5, "tile", 2.5), "05  tile  |   2.500");
    EXPECT_EQ(formatted("%s", ""), "");
}

TEST(Text, IsNeverCutOff) {
    for (const std::size_t length : {1u, 127u, 128u, 129u, 5000u}) {
        const std::string word(length, 'x');
        EXPECT_EQ(formatted("%s %d", word.c_str(), 7), word + " 7");
    }
}

TEST(Text, TakesAColumnForEachCharacter) {
    EXPECT_EQ(width(""), 0u);
    EXPECT_EQ(width("tile"), 4u);
    EXPECT_EQ(width("µs"), 2u);       // 2 bytes and 1
    EXPECT_EQ(width("p10–p90"), 7u);  // – has 3
    EXPECT_EQ(width("𝛼"), 1u);        // 4
}

TEST(Text, IsFilledUpOnTheSideAskedFor) {
    EXPECT_EQ(padded("1.25×", 7), "1.25×  ");
    EXPECT_EQ(padded("1.25×", 7, true), "  1.25×");
    EXPECT_EQ(padded("×", 1), "×");
    EXPECT_EQ(padded("longer", 3, true), "longer");
    EXPECT_EQ(padded("", 2), "  ");
}

}  // namespace
}  // namespace t2t
