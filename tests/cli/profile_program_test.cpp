// `t2t profile` on a machine without a GPU, called as a user calls it.

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/process/child_process.hpp"
#include "tests/cli/program.hpp"

namespace t2t::cli {
namespace {

process::Output profile(const std::string& words) {
    return tests::run_program("profile " + words);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The line of `file` that holds `code`; 0 when there is none.
int line_of(const std::string& file, const std::string& code) {
    std::ifstream lines(file);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (contains(line, code)) return number;
    }
    return 0;
}

double figure(const nlohmann::json& profile, const std::string& metric) {
    for (const auto& one : profile["figures"]) {
        if (one["metric"] == metric) return one["value"];
    }
    return -1;
}

TEST(ProfileProgram, FindsTheBankConflictOfTheUnpaddedTile) {
    const process::Output output = profile("03 v2_tile");
    EXPECT_EQ(output.status, 0);
    const int line = line_of("chapters/03_shared_memory/v2_tile.cu", "tile[threadIdx.x][y]");
    const std::string place = "v2_tile.cu:" + std::to_string(line);
    // By hand: rows of 32 floats put a column into one bank.
    EXPECT_PRED2(contains, output.text,
                 "Banks conflict: a load from shared memory takes 32 passes where 1 would do");
    EXPECT_PRED2(contains, output.text, place);
    EXPECT_PRED2(contains, output.text, "./t2t check 03 v2_tile --draw " + std::to_string(line));
    EXPECT_PRED2(contains, output.text, "./t2t profile 03 v3_padded");
}

TEST(ProfileProgram, GivesTheSameNumbersAsJson) {
    const process::Output output = profile("03 v1_naive --json -");
    ASSERT_EQ(output.status, 0);
    const nlohmann::json json = nlohmann::json::parse(output.text);
    EXPECT_EQ(json["command"], "./t2t profile 03 v1_naive");
    EXPECT_LE(json["sentences"].size(), 5u);
    // 1,024 × 1,024 floats: 32,768 warps, each with 4 sectors to load and 32 to store.
    EXPECT_EQ(json["shape"], "1024 × 1024");
    EXPECT_EQ(figure(json, "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 4 * 32768);
    EXPECT_EQ(figure(json, "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"), 32 * 32768);
    EXPECT_EQ(json["kernels"][0]["name"], "naive_kernel");
    EXPECT_EQ(json["kernels"][0]["blocks"], 1024);
}

TEST(ProfileProgram, SaysSomethingOfARungWithoutKernels) {
    const process::Output output = profile("07");
    EXPECT_EQ(output.status, 0);
    EXPECT_PRED2(contains, output.text, "It launches no kernel");
    EXPECT_FALSE(contains(output.text, "--draw"));
}

TEST(ProfileProgram, WrongWordsAreOneSentenceAndExitCodeTwo) {
    for (const char* words : {"", "99", "03 v9", "02 v1", "03 v2 --json /nowhere/x.json"}) {
        const process::Output output = profile(std::string(words) + " 2>&1 >/dev/null");
        EXPECT_EQ(output.status, 2) << words;
        EXPECT_EQ(output.text.find("t2t: "), 0u) << output.text;
        EXPECT_EQ(output.text.find('\n'), output.text.size() - 1) << output.text;
    }
}

}  // namespace
}  // namespace t2t::cli
