#include "model/op_table.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "chapters/chapters.hpp"
#include "model/trace.hpp"

namespace t2t::model {
namespace {

// Chapters whose kernels serve no operation yet. This list may only shrink; chapter 12 stays, because
// its kernels run on Hopper GPUs alone and serve what chapter 11 serves.
const std::set<int> missing{12};

TEST(OpTable, EveryChapterServesAnOperation) {
    const OpTable table(80);
    std::set<int> serving;
    for (const OpEntry& op : table.entries()) serving.insert(op.chapter);
    for (int chapter = 1; chapter <= 18; ++chapter) {
        EXPECT_NE(serving.contains(chapter), missing.contains(chapter))
            << "chapter " << chapter
            << (missing.contains(chapter)
                    ? " serves an operation: take it off the list of missing ones"
                    : " serves no operation of the generator");
    }
}

// The forward pass, the sampler and the loader call every operation of the table: no entry is for
// show. (Ops::launch looks the ladder up by name, so an operation that is called and not in the table
// fails in every truth test.)
TEST(OpTable, EveryOperationIsCalled) {
    std::ifstream file("model/ops.cpp");
    const std::string ops{std::istreambuf_iterator<char>(file), {}};
    const auto count = [&](const std::string& text) {
        std::size_t found = 0;
        for (std::size_t at = ops.find(text); at != std::string::npos;
             at = ops.find(text, at + 1)) {
            ++found;
        }
        return found;
    };
    const OpTable table(80);
    EXPECT_EQ(count("launch<") - count("void Ops::launch<"), table.entries().size());
}

TEST(OpTable, EachOperationStartsAtTheHighestRungOfTheDevice) {
    const OpTable table(80);
    for (const OpEntry& op : table.entries()) {
        for (std::size_t i = op.selected + 1; i < op.rungs.size(); ++i) {
            EXPECT_GT(op.rungs[i].needs.compute_capability, 80) << op.operation;
        }
        EXPECT_LE(op.rung().needs.compute_capability, 80) << op.operation;
    }
}

TEST(OpTable, ARungIsChosenByItsNameOrItsNumber) {
    OpTable table(80);
    table.select("transpose=v1_naive");
    EXPECT_EQ(table.at("transpose").rung().name, "v1_naive");
    table.select("transpose=v2");
    EXPECT_EQ(table.at("transpose").rung().name, "v2_tile");
}

std::string complaint(const std::string& assignment, int compute_capability = 80) {
    try {
        OpTable(compute_capability).select(assignment);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "no complaint";
}

TEST(OpTable, WrongWordsGetASentence) {
    EXPECT_EQ(complaint("gemv"), "'gemv' does not name a rung; write OP=RUNG, such as gemv=v1");
    EXPECT_EQ(complaint("argmax=v9"),
              "operation 'argmax' has no rung 'v9'; there are: v1_argmax_thread_per_row, "
              "v2_argmax_block_per_row");
    EXPECT_EQ(complaint("argmax="),
              "operation 'argmax' has no rung ''; there are: v1_argmax_thread_per_row, "
              "v2_argmax_block_per_row");
    EXPECT_EQ(complaint("conv=v1").substr(0, 48),
              "there is no operation 'conv'; there are: vector_");
    EXPECT_EQ(complaint("bf16_matmul=v1", 75),
              "bf16_matmul v1_wmma needs compute capability 8.0; this device has 7.5");
}

TEST(Trace, ATableAndTheShareOfEachChapter) {
    const std::string text = describe(
        {{"gemv", "v1_x", 16, {1, 8, 4}, 3000, 30}, {"vector_add", "v3_y", 1, {1, 4}, 48, 10}},
        /*copy_gb_s=*/1);
    EXPECT_NE(text.find("1×8×4"), std::string::npos) << text;
    EXPECT_NE(text.find("10.0%"), std::string::npos) << text;  // 3,000 bytes in 30 µs at 1 GB/s
    EXPECT_NE(text.find("01        25.0 %"), std::string::npos) << text;
    EXPECT_NE(text.find("16        75.0 %"), std::string::npos) << text;
    EXPECT_NE(text.find("40.0 µs in all, 2 launches"), std::string::npos) << text;
}

}  // namespace
}  // namespace t2t::model
