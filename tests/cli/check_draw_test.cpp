// The pictures of `t2t check --draw`: cells are counted on paper first.

#include <gtest/gtest.h>

#include "cli/check/draw.hpp"
#include "tests/cli/check_reports.hpp"

namespace t2t::rung_check::tests {
namespace {

using observer::Request;

constexpr bool global = false, shared = true;

std::string draw(const Request& request) {
    return picture({request});
}

int touched_sectors(const std::string& svg) {
    return occurrences(svg, "class=\"sector touched\"");
}
int sectors(const std::string& svg) {
    return occurrences(svg, "class=\"sector");
}
int plain_lanes(const std::string& svg) {
    return occurrences(svg, "class=\"lane\"");
}
int conflicts(const std::string& svg) {
    return occurrences(svg, "class=\"lane conflict\"");
}
int passes(const std::string& svg) {
    return occurrences(svg, ">pass ");
}

TEST(CheckDraw, NeighbouringFloatsFillOneLineOfMemory) {
    const std::string svg = draw(strided_request(global, 4, 4));
    EXPECT_EQ(touched_sectors(svg), 4);
    EXPECT_EQ(sectors(svg), 4);
    EXPECT_EQ(plain_lanes(svg), 32);
    EXPECT_EQ(occurrences(svg, ">31</text>"), 1);
}

TEST(CheckDraw, ShiftedByOneFloatTouchesAFifthSector) {
    Request request = strided_request(global, 4, 4);
    for (auto& offset : request.offset) offset += 4;
    const std::string svg = draw(request);
    EXPECT_EQ(touched_sectors(svg), 5);
    EXPECT_EQ(sectors(svg), 8);  // of two lines
    EXPECT_EQ(plain_lanes(svg), 32);
}

TEST(CheckDraw, ColumnOf33FloatsTouches32Lines) {
    const std::string svg = draw(strided_request(global, 4, 33 * 4));
    EXPECT_EQ(occurrences(svg, ">byte "), 32);
    EXPECT_EQ(touched_sectors(svg), 32);
    EXPECT_EQ(sectors(svg), 128);
}

TEST(CheckDraw, VectorsOf16BytesFillFourLines) {
    const std::string svg = draw(strided_request(global, 16, 16));
    EXPECT_EQ(touched_sectors(svg), 16);
    EXPECT_EQ(sectors(svg), 16);
    EXPECT_EQ(plain_lanes(svg), 32);
}

TEST(CheckDraw, BroadcastIsOneCellForAllLanes) {
    const std::string svg = draw(strided_request(global, 4, 0));
    EXPECT_EQ(touched_sectors(svg), 1);
    EXPECT_EQ(plain_lanes(svg), 1);
    EXPECT_EQ(occurrences(svg, ">0–31</text>"), 1);
}

TEST(CheckDraw, BytesBeforeTheStartHaveALineOfTheirOwn) {
    Request request = strided_request(global, 4, 4);
    for (auto& offset : request.offset) offset -= 4;
    const std::string svg = draw(request);
    EXPECT_EQ(occurrences(svg, ">byte -128</text>"), 1);
    EXPECT_EQ(occurrences(svg, ">byte 0</text>"), 1);
    EXPECT_EQ(touched_sectors(svg), 5);  // one of line -128, four of line 0
}

TEST(CheckDraw, LanesThatTakeNoPartHaveNoCell) {
    Request request = strided_request(global, 4, 4);
    request.lanes = 0x0000ffff;
    EXPECT_EQ(plain_lanes(draw(request)), 16);
    EXPECT_EQ(touched_sectors(draw(request)), 2);
}

TEST(CheckDraw, ColumnOfAnUnpaddedTileWaitsForOneBank) {
    const std::string svg = draw(strided_request(shared, 4, 32 * 4));
    EXPECT_EQ(passes(svg), 32);
    EXPECT_EQ(plain_lanes(svg), 1);
    EXPECT_EQ(conflicts(svg), 31);
}

TEST(CheckDraw, ColumnOfAPaddedTileGoesInOnePass) {
    const std::string svg = draw(strided_request(shared, 4, 33 * 4));
    EXPECT_EQ(passes(svg), 1);
    EXPECT_EQ(plain_lanes(svg), 32);
    EXPECT_EQ(conflicts(svg), 0);
}

TEST(CheckDraw, WideAccessesGoByHalvesAndQuarters) {
    const std::string quarters = draw(strided_request(shared, 16, 16));
    EXPECT_EQ(passes(quarters), 4);
    EXPECT_EQ(plain_lanes(quarters), 128);  // words
    EXPECT_EQ(conflicts(quarters), 0);
    const std::string halves = draw(strided_request(shared, 8, 8));
    EXPECT_EQ(passes(halves), 2);
    EXPECT_EQ(conflicts(halves), 0);
}

TEST(CheckDraw, EightBytesAtStrideTwoConflictOnce) {
    // Lane i of a half wants words 4i and 4i + 1: lanes i and i + 8 share two banks.
    const std::string svg = draw(strided_request(shared, 8, 16));
    EXPECT_EQ(passes(svg), 4);
    EXPECT_EQ(plain_lanes(svg), 32);
    EXPECT_EQ(conflicts(svg), 32);
}

TEST(CheckDraw, HalvesOfAWordAreOneCell) {
    const std::string svg = draw(strided_request(shared, 2, 2));  // two lanes per word, 16 words
    EXPECT_EQ(passes(svg), 1);
    EXPECT_EQ(plain_lanes(svg), 16);
    EXPECT_EQ(occurrences(svg, ">30–31</text>"), 1);
}

TEST(CheckDraw, AtomicsOnOneAddressGoOneByOne) {
    Request request = strided_request(shared, 4, 0);
    request.atomic = true;
    EXPECT_EQ(passes(draw(request)), 32);
    request.atomic = false;
    EXPECT_EQ(passes(draw(request)), 1);
}

TEST(CheckDraw, TitleSaysWhoWantsWhat) {
    Request request = strided_request(global, 4, 4);
    request.sectors = 4;
    EXPECT_EQ(title(request), "v2_tile.cu:4 · load of `in`, lanes 0–31, 4 bytes each: 4 sectors");
    request.lanes = 0b1;
    request.store = true;
    request.sectors = 1;
    EXPECT_EQ(title(request), "v2_tile.cu:4 · store to `in`, lane 0, 4 bytes: 1 sector");
    request = strided_request(shared, 1, 1);
    request.lanes = 0x55555555;
    request.memory.clear();
    request.passes = 1;
    EXPECT_EQ(title(request),
              "v2_tile.cu:4 · load of shared memory, 16 lanes, 1 byte each: 1 pass");
}

TEST(CheckDraw, TextIsEscapedAndNothingIsLoaded) {
    Request request = strided_request(global, 4, 4);
    request.memory = "a<b> & \"c\"\x01";
    const std::string svg = draw(request);
    EXPECT_TRUE(contains(svg, "a&lt;b&gt; &amp; &quot;c&quot;`")) << svg;
    EXPECT_EQ(occurrences(svg, "http"), 1);             // the name of SVG itself
    EXPECT_TRUE(contains(svg, "<rect width=\"800\""));  // a background of its own
    EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\""));
}

TEST(CheckDraw, RequestsStandBelowEachOther) {
    const std::string svg =
        picture({strided_request(global, 4, 4), strided_request(shared, 4, 33 * 4)});
    EXPECT_EQ(plain_lanes(svg), 64);
    EXPECT_EQ(occurrences(svg, "v2_tile.cu:4"), 2);
}

}  // namespace
}  // namespace t2t::rung_check::tests
