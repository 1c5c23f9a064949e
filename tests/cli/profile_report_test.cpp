// What `t2t profile` says of what the CPU device saw. The reports are made by hand.

#include <string>

#include <gtest/gtest.h>

#include "cli/profile/from_report.hpp"

namespace t2t::profile {
namespace {

using observer::KernelReport;
using observer::Report;
using observer::SourceLine;
using observer::Traffic;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The naive transpose of 1,024 × 1,024 floats: 32,768 warps load 4 sectors each and store 32.
Report naive() {
    Traffic load, store;
    load.global_load = {32768, 4 * 32768, 32 * 32768, 128 * 32768};
    store.global_store = {32768, 32 * 32768, 32 * 32768, 128 * 32768};
    KernelReport kernel;
    kernel.kernel = "naive_kernel";
    kernel.grid = {32, 32, 1};
    kernel.block = {32, 8, 1};
    kernel.launches = 1;
    kernel.lines = {{{"chapters/03_shared_memory/v1_naive.cu", 30, "naive_kernel"}, load},
                    {{"chapters/03_shared_memory/v1_naive.cu", 34, "naive_kernel"}, store}};
    kernel.total = load;
    kernel.total.global_store = store.global_store;
    kernel.total.l2_bytes = 8 << 20;
    kernel.total.warp_instructions = 1000;
    kernel.total.thread_instructions = 32000;
    Report report;
    report.kernels = {kernel};
    return report;
}

const Work transpose{8 << 20, 0};

std::string all_of(const Report& report, const std::string& wrong = "") {
    std::string text;
    for (const std::string& one : chosen(sentences_of_report(report, transpose, wrong))) {
        text += one + '\n';
    }
    return text;
}

TEST(ProfileReport, SpeaksOfTheWorstLine) {
    const std::string text = all_of(naive());
    EXPECT_PRED2(contains, text, "naive_kernel ran as 1,024 blocks of 256 threads.");
    EXPECT_PRED2(contains, text,
                 "Stores are scattered: a warp's request touches 32 sectors of 32 bytes where 4 "
                 "would do (worst in v1_naive.cu:34; loads take 4, at best 4)");
    // 36 sectors of 32 bytes for each warp: 37.7 MB for 8.39.
    EXPECT_PRED2(contains, text, "move 37.7 MB in sectors, 4.5 times the 8.39 MB");
    EXPECT_PRED2(contains, text, "Warps do not diverge");
    EXPECT_PRED2(contains, text, "computes nothing");
    EXPECT_EQ(worst_line(naive().kernels[0]), "v1_naive.cu:34");
}

TEST(ProfileReport, KnowsWhatEachLineNeeds) {
    // One thread per column of a product: a line reads the same word in all lanes, one sector per request;
    // another reads 32 rows, and 4 sectors would hold its words: 2.5 on average where it takes 16.5.
    Traffic same, rows;
    same.global_load = {100, 100, 3200, 12800};
    rows.global_load = {100, 3200, 3200, 12800};
    KernelReport kernel;
    kernel.kernel = "naive_kernel";
    kernel.grid = kernel.block = {1, 1, 1};
    kernel.total.global_load = {200, 3300, 6400, 25600};
    kernel.lines = {{{"v1.cu", 1, ""}, same}, {{"v1.cu", 2, ""}, rows}};
    Report report;
    report.kernels = {kernel};
    EXPECT_PRED2(contains, all_of(report),
                 "touches 16.5 sectors of 32 bytes where 2.5 would do (worst in v1.cu:2)");
    // One lane of a request alone needs a sector, however few its bytes.
    Traffic alone;
    alone.global_load = {100, 100, 100, 400};
    report.kernels[0].total = alone;
    report.kernels[0].lines = {{{"v1.cu", 1, ""}, alone}};
    EXPECT_PRED2(contains, all_of(report),
                 "Loads are coalesced: a warp's request touches 1 sector of");
    // Nothing is wasted: the line with the most traffic is the one to look at.
    EXPECT_EQ(worst_line(report.kernels[0]), "v1.cu:1");
}

TEST(ProfileReport, UsesTheNamesOfNcu) {
    const std::vector<Kernel> kernels = kernels_of(naive());
    ASSERT_EQ(kernels.size(), 1u);
    const Metrics& metrics = kernels[0].metrics;
    EXPECT_EQ(value_of(metrics, "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"), 1048576);
    EXPECT_EQ(value_of(metrics, "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum"), 32768);
    EXPECT_EQ(value_of(metrics, sectors_per_store), 32);
    EXPECT_EQ(value_of(metrics, store_efficiency), 12.5);
    EXPECT_EQ(value_of(metrics, active_lanes), 32);
    EXPECT_EQ(value_of(metrics, shared_loads), std::nullopt);
    for (const auto& [metric, value] : metrics) {
        EXPECT_NE(find_metric(metric), nullptr) << metric << " has no meaning";
    }
}

TEST(ProfileReport, SpeaksOfBanks) {
    Report report = naive();
    KernelReport& kernel = report.kernels[0];
    Traffic shared;
    shared.shared_load = {100, 3200, 100, 3200, 12800};
    kernel.total.shared_load = shared.shared_load;
    kernel.lines.push_back({{"v2_tile.cu", 44, "tile_kernel"}, shared});
    EXPECT_PRED2(
        contains, all_of(report),
        "a load from shared memory takes 32 passes where 1 would do (worst in v2_tile.cu:44)");
    EXPECT_EQ(value_of(kernels_of(report)[0].metrics, shared_load_passes), 3200);
}

TEST(ProfileReport, PutsFaultsAndWrongResultsFirst) {
    Report report = naive();
    observer::Fault fault;
    fault.kind = observer::FaultKind::shared_race;
    fault.where = {"chapters/03_shared_memory/v2_tile.cu", 44, "tile_kernel"};
    fault.what = "thread 3 reads what thread 35 writes, with no barrier between";
    report.faults = {fault};
    const std::string text = all_of(report, "element 7 is 0, expected 1");
    EXPECT_EQ(text.find("It has 1 fault, so all else can wait: thread 3 reads"), 0u) << text;
    EXPECT_PRED2(contains, text, "(v2_tile.cu:44)");
    EXPECT_PRED2(contains, text, "The result is wrong, so all else can wait: element 7");
    // A trap: no kernel came to its end, and nobody knows where.
    report.kernels.clear();
    report.faults[0].what = "the kernel ended with cudaErrorAssert.";
    report.faults[0].where = {};
    EXPECT_EQ(all_of(report),
              "It has 1 fault, so all else can wait: the kernel ended with cudaErrorAssert.\n");
}

TEST(ProfileReport, SpeaksOfTheKernelThatMovesMost) {
    Report report = naive();
    KernelReport small = report.kernels[0];
    small.kernel = "small_kernel";
    small.total.global_store = {};
    report.kernels.insert(report.kernels.begin(), small);
    EXPECT_EQ(heaviest(report), 1u);
    // 36 of 40 sectors per warp.
    EXPECT_PRED2(contains, all_of(report),
                 "naive_kernel ran as 1,024 blocks of 256 threads (90 % of");
}

// The L2 of an H200: its cudaDevAttrL2CacheSize is 62,914,560.
TEST(ProfileReport, NamesTheL2ThatTheTrafficIsEstimatedFor) {
    EXPECT_EQ(observer::l2_size(), 62'914'560u);
    EXPECT_PRED2(contains, all_of(naive()), "a GPU's L2 of 60 MiB would ask DRAM for 8.39 MB");
    EXPECT_PRED2(contains, std::string(find_metric(dram_bytes)->meaning), "an L2 of 60 MiB");
}

TEST(ProfileReport, SaysSoWhenThereIsNoKernel) {
    EXPECT_PRED2(contains, all_of(Report{}), "It launches no kernel");
}

}  // namespace
}  // namespace t2t::profile
