// The words of `t2t check`: which rungs, which line, which files.

#include <gtest/gtest.h>

#include <fstream>

#include "cli/check/select.hpp"
#include "cli/output_file.hpp"
#include "cli/usage_error.hpp"
#include "tests/cli/check_reports.hpp"

namespace t2t::rung_check::tests {
namespace {

/// What the UsageError says that `action` throws.
template <typename Action>
std::string usage_error(Action action) {
    try {
        action();
    } catch (const cli::UsageError& error) {
        return error.what();
    }
    return "no error";
}

std::vector<lab::BenchCase> two_ladders() {
    return {{.operation = "copy", .shape = "32", .rungs = {"v1_naive", "v2_wide", "v10_last"}},
            {.operation = "gather", .shape = "32", .rungs = {"v1_rows", "v3_wide"}},
            {.operation = "copy", .shape = "33", .rungs = {"v1_naive", "v2_wide", "v10_last"}}};
}

TEST(CheckWords, RungGoesByItsNameOrItsNumber) {
    EXPECT_TRUE(names_rung("v3_padded", "v3_padded"));
    EXPECT_TRUE(names_rung("v3", "v3_padded"));
    EXPECT_TRUE(names_rung("v3_more", "v3_more_padded"));
    EXPECT_FALSE(names_rung("v1", "v10_wide"));
    EXPECT_FALSE(names_rung("v3_pad", "v3_padded"));
    EXPECT_FALSE(names_rung("", "_odd"));
    EXPECT_FALSE(names_rung("v3_padded_more", "v3_padded"));
}

TEST(CheckWords, NoRungMeansAll) {
    EXPECT_EQ(select_rungs(two_ladders(), "", "02_memory_access").size(), 3u);
}

TEST(CheckWords, RungIsTakenFromEveryShapeOfEveryLadder) {
    const auto cases = select_rungs(two_ladders(), "v1", "02_memory_access");
    ASSERT_EQ(cases.size(), 3u);
    EXPECT_EQ(cases[0].rungs, std::vector<std::string>{"v1_naive"});
    EXPECT_EQ(cases[1].rungs, std::vector<std::string>{"v1_rows"});
    EXPECT_EQ(select_rungs(two_ladders(), "v10", "02").size(), 2u);
}

TEST(CheckWords, UnknownRungListsThoseThereAre) {
    EXPECT_EQ(usage_error([] { select_rungs(two_ladders(), "v9", "02_memory_access"); }),
              "chapter 02_memory_access has no rung 'v9'; there are: v1_naive v2_wide v10_last "
              "v1_rows v3_wide");
}

TEST(CheckWords, DrawnLineMayNameItsFile) {
    EXPECT_EQ(parse_drawn_line("44").line, 44);
    EXPECT_EQ(parse_drawn_line("44").file, "");
    EXPECT_EQ(parse_drawn_line("v2_tile.cu:4").file, "v2_tile.cu");
    EXPECT_EQ(parse_drawn_line("v2_tile.cu:4").line, 4);
    for (const std::string words : {"", "x", "0", "-3", "4x", "v2_tile.cu", "v2_tile.cu:", ":4"}) {
        EXPECT_EQ(usage_error([&] { parse_drawn_line(words); }),
                  "--draw takes a line of the file, such as 44, or FILE:LINE; '" + words +
                      "' is neither");
    }
}

std::vector<RungReport> rung_with_requests() {
    RungReport rung = sample_rung();
    observer::Request load = strided_request(false, 4, 4);
    load.lanes = 0xff;
    rung.report.kernels[0].requests.push_back(load);
    load.lanes = 0xffff;
    load.where.line = 6;
    rung.report.kernels[0].requests.push_back(load);
    return {rung};
}

TEST(CheckWords, DrawnLineFindsItsRequests) {
    auto rungs = rung_with_requests();
    EXPECT_EQ(requests_of({"", 4}, rungs).size(), 1u);
    EXPECT_EQ(requests_of({"v2_tile.cu", 6}, rungs).at(0).lanes, 0xffffu);
    EXPECT_EQ(requests_of({sample_file, 6}, rungs).size(), 1u);

    // Loads and stores are two pictures; of two loads the one with more lanes is drawn.
    auto& requests = rungs[0].report.kernels[0].requests;
    requests.push_back(requests[0]);
    requests.back().store = true;
    requests.push_back(requests[0]);
    requests.back().lanes = 0xffffffff;
    rungs.push_back(rungs[0]);
    rungs[1].first_shape = false;
    rungs[1].report.kernels[0].requests[0].atomic = true;
    const auto drawn = requests_of({"", 4}, rungs);
    ASSERT_EQ(drawn.size(), 2u);  // and nothing of the other shape
    EXPECT_EQ(drawn[0].lanes, 0xffffffffu);
    EXPECT_TRUE(drawn[1].store);
}

TEST(CheckWords, LineWithoutAccessNamesThoseWithOne) {
    const auto rungs = rung_with_requests();
    EXPECT_EQ(usage_error([&] {
                  requests_of({"", 5}, rungs);
              }),
              "--draw: v2_tile.cu:5 accesses no global or shared memory; lines that do: 4 6");
    EXPECT_EQ(usage_error([&] {
                  requests_of({"tile.cu", 4}, rungs);
              }),
              "--draw: tile.cu:4 accesses no global or shared memory, nor does any other line of "
              "that file");
}

TEST(OutputFile, IsTriedBeforeWorkStarts) {
    const SampleRoot root;
    const auto refusal = [](const std::string& file) {
        return usage_error([&] { cli::require_writable("--json", file); });
    };
    for (const std::string file : {"/nonexistent/x.json", root.path().c_str(), "/proc/x.json"}) {
        EXPECT_EQ(refusal(file), "--json: cannot write " + file +
                                     "; name a file that you may write, in a folder that exists");
    }
    EXPECT_EQ(refusal("-"), "no error");
    EXPECT_EQ(refusal(""), "no error");

    const auto file = root.path() / "x.json";
    EXPECT_EQ(refusal(file.string()), "no error");
    EXPECT_FALSE(std::filesystem::exists(file));  // nothing is left behind
    std::ofstream(file) << "kept";
    EXPECT_EQ(refusal(file.string()), "no error");
    EXPECT_EQ(std::filesystem::file_size(file), 4u);
    cli::write_output("--json", file.string(), "new text");
    EXPECT_EQ(std::filesystem::file_size(file), 8u);
}

}  // namespace
}  // namespace t2t::rung_check::tests
