// The program behind `./t2t check`, called as a user calls it: in a check build only.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/process/child_process.hpp"
#include "tests/cli/check_reports.hpp"
#include "tests/cli/program.hpp"

namespace t2t::rung_check::tests {
namespace {

using nlohmann::json;

process::Output check(const std::string& words) {
    return t2t::tests::run_program("check " + words);
}

/// The one sentence that `check words` ends with.
std::string refusal(const std::string& words, int status) {
    const process::Output output = check(words + " 2>&1 >/dev/null");
    EXPECT_EQ(output.status, status) << words;
    EXPECT_EQ(occurrences(output.text, "\n"), 1) << output.text;
    return output.text;
}

/// The rung's figures on its first shape.
json figures(const std::string& chapter, const std::string& rung) {
    const process::Output output = check(chapter + " " + rung + " --json -");
    EXPECT_EQ(output.status, 0) << output.text;
    return json::parse(output.text)["rungs"][0];
}

TEST(CheckProgram, CountsATransposeAsOnPaper) {
    // 1024 × 1024 floats: 32,768 warp requests on each side of every rung.
    const json naive = figures("03", "v1")["total"];
    EXPECT_EQ(naive["global_load"]["requests"], 32768);
    EXPECT_EQ(naive["global_load"]["sectors_per_request"], 4);
    EXPECT_EQ(naive["global_store"]["sectors_per_request"], 32);  // a column: one sector per lane
    const json tile = figures("03", "v2_tile")["total"];
    EXPECT_EQ(tile["global_store"]["sectors_per_request"], 4);
    EXPECT_EQ(tile["shared_store"]["passes_per_request"], 1);
    EXPECT_EQ(tile["shared_load"]["passes_per_request"], 32);  // a column of 32 floats: one bank
    const json padded = figures("03", "v3")["total"];
    EXPECT_EQ(padded["shared_load"]["passes_per_request"], 1);
}

TEST(CheckProgram, CountsTheOperationsOfAVectorAdd) {
    const json total = figures("01", "v1")["total"];
    EXPECT_EQ(total["fp32"]["add"], 1 << 20);
    EXPECT_EQ(total["flops"], 1 << 20);
    EXPECT_EQ(total["global_load"]["bytes_asked"], 8 << 20);
    EXPECT_EQ(total["global_store"]["bytes_asked"], 4 << 20);
}

TEST(CheckProgram, TakesEveryShapeAndSaysSo) {
    const json all = json::parse(check("03 v2_tile --json -").text);
    ASSERT_EQ(all["rungs"].size(), 2u);
    EXPECT_EQ(all["rungs"][0]["shape"], "1024 × 1024");
    EXPECT_EQ(all["rungs"][1]["shape"], "1021 × 1007");
    EXPECT_EQ(all["command"], "./t2t check 03 v2_tile");
    for (const json& rung : all["rungs"]) {
        EXPECT_EQ(rung["right"], true);
        EXPECT_TRUE(rung["faults"].empty()) << rung["faults"];
    }
}

TEST(CheckProgram, PrintsATable) {
    const process::Output output = check("03 v2_tile");
    EXPECT_EQ(output.status, 0);
    EXPECT_TRUE(contains(output.text, "transpose · v2_tile · 1024 × 1024 · tile_kernel<<<"));
    EXPECT_TRUE(contains(output.text, "no faults; the result is right")) << output.text;
    EXPECT_TRUE(contains(output.text, "chapters/03_shared_memory/v2_tile.cu")) << output.text;
    EXPECT_TRUE(contains(output.text, "32.00 passes")) << output.text;
    EXPECT_TRUE(contains(output.text, "1 rung, 2 runs: no faults, no wrong result\n"));
}

TEST(CheckProgram, AnnotatesAndDraws) {
    const SampleRoot folder;
    const std::string svg = (folder.path() / "a picture.svg").string();
    // The line of the tile's load is found in the report, so that the source may move.
    int line = 0;
    const json tile = figures("03", "v2");
    for (const json& kernel : tile["kernels"]) {
        for (const json& one : kernel["lines"]) {
            if (one["traffic"]["shared_load"]["requests"] > 0) line = one["where"]["line"];
        }
    }
    const process::Output output = check("03 v2 --annotate --draw " + std::to_string(line) +
                                         " --out " + process::shell_word(svg));
    EXPECT_EQ(output.status, 0);
    EXPECT_TRUE(contains(output.text, "│     __syncthreads();")) << output.text;
    std::ostringstream picture;
    picture << std::ifstream(svg).rdbuf();
    EXPECT_EQ(occurrences(picture.str(), ">pass "), 32);
    EXPECT_TRUE(contains(picture.str(), "load of `tile`, lanes 0–31, 4 bytes each: 32 passes"));
}

// The examples of the help, as they stand there; only the picture goes to a folder of the test.
TEST(CheckProgram, TheExamplesOfItsHelpWork) {
    const SampleRoot folder;
    const std::string call = "./t2t check ";
    std::istringstream help(check("--help").text);
    int examples = 0;
    for (std::string line; std::getline(help, line);) {
        const std::size_t at = line.find(call);
        if (at == std::string::npos) continue;
        std::string words = line.substr(at + call.size());
        const std::size_t out = words.find("tile.svg");
        if (out != std::string::npos) {
            words.replace(out, 8, process::shell_word((folder.path() / "tile.svg").string()));
        }
        const process::Output output = check(words + " 2>&1");
        EXPECT_EQ(output.status, 0) << line << '\n' << output.text;
        ++examples;
    }
    EXPECT_EQ(examples, 3);
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "tile.svg"));
}

TEST(CheckProgram, RefusesWrongWords) {
    EXPECT_TRUE(contains(refusal("99", 2), "unknown chapter '99'; there are: 01_vector_add"));
    EXPECT_TRUE(contains(refusal("03 v9", 2), "has no rung 'v9'; there are: v1_naive v2_tile"));
    EXPECT_TRUE(contains(refusal("03 v2 --draw x", 2), "--draw takes a line"));
    EXPECT_TRUE(
        contains(refusal("03 v2 --draw 1", 2), "v2_tile.cu:1 accesses no global or shared"));
    EXPECT_TRUE(contains(refusal("03 --json /nonexistent/x", 2), "--json: cannot write"));
    EXPECT_TRUE(contains(refusal("03 --draw 9 --out /nonexistent/x", 2), "--out: cannot write"));
    EXPECT_TRUE(contains(refusal("03 --out x.svg", 2), "--out requires --draw"));
    EXPECT_TRUE(contains(refusal("", 2), "CHAPTER is required"));
}

TEST(CheckProgram, HasHelpWithExamples) {
    const process::Output help = check("--help");
    EXPECT_EQ(help.status, 0);
    EXPECT_TRUE(contains(help.text, "./t2t check 03")) << help.text;
}

}  // namespace
}  // namespace t2t::rung_check::tests
