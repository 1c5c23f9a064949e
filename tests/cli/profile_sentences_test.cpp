// The sentences of `t2t profile`, from numbers worked out by hand or measured on an H200 in the lessons.

#include "cli/profile/sentences.hpp"

#include <string>

#include <gtest/gtest.h>

#include "cli/profile/occupancy.hpp"

namespace t2t::profile {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string stalled(const std::string& reason) {
    return "smsp__average_warps_issue_stalled_" + reason + "_per_issue_active.ratio";
}

void expect(const std::optional<Sentence>& sentence, const std::string& words, bool remarkable) {
    ASSERT_TRUE(sentence.has_value());
    EXPECT_PRED2(contains, sentence->text, words);
    EXPECT_EQ(sentence->remarkable, remarkable) << sentence->text;
    EXPECT_TRUE(sentence->text.ends_with('.')) << sentence->text;
}

TEST(Sentences, SaysHowAccessesCoalesce) {
    // Chapter 03, v1: lanes store into 32 rows; 4 bytes each would fill 128 bytes, 4 sectors.
    expect(coalescing_sentence(Accesses{4, 4}, Accesses{32, 4, "v1_naive.cu:34"}),
           "Stores are scattered: a warp's request touches 32 sectors of 32 bytes where 4 would do "
           "(worst in v1_naive.cu:34; loads take 4, at best 4), so neighbouring lanes write to "
           "addresses far apart",
           true);
    expect(coalescing_sentence(Accesses{4, 4}, Accesses{4, 4}), "Loads are coalesced", false);
    // 16 bytes per lane: 512 bytes, 16 sectors.
    expect(coalescing_sentence(Accesses{16, 16}, Accesses{16, 16}), "coalesced", false);
    // The same number is four times too many for 4-byte accesses.
    expect(coalescing_sentence(Accesses{16, 4}, {}), "Loads are scattered", true);
    // Shifted by 4 bytes: 128 bytes lie in 5 sectors.
    expect(coalescing_sentence(Accesses{5, 4}, {}), "not quite coalesced", true);
    // A broadcast.
    expect(coalescing_sentence(Accesses{1, 4}, {}), "Loads share sectors", false);
    // Loads and stores as far off as each other: loads first.
    expect(coalescing_sentence(Accesses{32, 4}, Accesses{32, 4}), "Loads are scattered", true);
    // Loads and stores in order: 8-byte loads, 4-byte stores.
    expect(
        coalescing_sentence(Accesses{8, 8}, Accesses{4, 4}),
        "Loads are coalesced: a warp's request touches 8 sectors of 32 bytes, one of the stores 4, "
        "no more than their bytes fill.",
        false);
    // Ten scattered stores waste less than a thousand loads that are a little off.
    expect(coalescing_sentence(Accesses{5, 4, "", 1000}, Accesses{32, 4, "", 10}),
           "Loads are not quite coalesced", true);
    // One store for a thousand loads is not spoken of.
    expect(coalescing_sentence(Accesses{4, 4, "", 1000}, Accesses{32, 4, "", 1}),
           "Loads are coalesced: a warp's request touches 4 sectors of 32 bytes, no more", false);
    EXPECT_FALSE(coalescing_sentence({}, {}).has_value());
    EXPECT_FALSE(coalescing_sentence(Accesses{0, 0}, {}).has_value());
}

TEST(Sentences, SaysOfUnknownWidthsWhatTheNumberIsRightFor) {
    expect(
        coalescing_sentence(Accesses{4, 0}, {}),
        "Loads touch 4 sectors of 32 bytes per request: right for lanes side by side with 4 bytes",
        false);
    expect(coalescing_sentence(Accesses{32, 0}, {}), "32 sectors of 32 bytes where 16 at most",
           true);
}

TEST(Sentences, SaysWhetherBanksConflict) {
    // Chapter 03 on an H200: v2 takes 272 million passes for 8.4 million loads, v3 9.3 million.
    expect(banks_sentence(Accesses{272.0 / 8.4, 1}, Accesses{1, 1}),
           "Banks conflict: a load from shared memory takes 32.4 passes where 1 would do", true);
    expect(banks_sentence(Accesses{9.3 / 8.4, 1}, Accesses{1, 1}), "Banks hardly conflict", false);
    // v5: 16 bytes per lane take 4 passes.
    expect(banks_sentence(Accesses{8.6 / 2.1, 4}, {}), "Banks hardly conflict", false);
    expect(banks_sentence({}, Accesses{8, 4}), "a store to shared memory takes 8 passes where 4",
           true);
    EXPECT_FALSE(banks_sentence({}, {}).has_value());
    // Chapter 11's WMMA on an H200: 69 million passes, but only 524,288 of its loads are counted.
    EXPECT_FALSE(banks_sentence(Accesses{132, 1}, {}).has_value());
}

TEST(Sentences, ComparesDramWithWhatMustMove) {
    // Chapter 03, v1: 1.28 GB and 1.25 GB where 2.147 GB must; 1.178 times.
    expect(dram_sentence(1.28e9, 1.25e9, 2.147e9),
           "DRAM moved 2.53 GB where 2.15 GB must move, 1.18 times as much", true);
    expect(dram_sentence(1.07e9, 1.05e9, 2.147e9), "nothing is fetched twice", false);
    // Chapter 05, v2: 8.3 GB for three matrices of 67.1 MB; 41.2 times.
    expect(dram_sentence(8.3e9, {}, 201.3e6),
           "DRAM sent 8.30 GB where 201 MB must move, 41.2 times", true);
    expect(dram_sentence(1e6, {}, 1e9), "DRAM sent 1.00 MB of the 1.00 GB", false);
    EXPECT_FALSE(dram_sentence({}, {}, 1e9).has_value());
}

TEST(Sentences, ComparesSectorsWithWhatMustMove) {
    expect(sectors_sentence(36e6, 8e6, 8e6),
           "move 36.0 MB in sectors, 4.5 times the 8.00 MB that must move; a GPU's L2 of 60 MiB "
           "would ask DRAM for 8.00 MB",
           true);
    expect(sectors_sentence(2e6, 2e6, 4e6), "move 2.00 MB in sectors, less than the 4.00 MB",
           false);
    expect(sectors_sentence(8e6, 8e6, 8e6), "about as much as the 8.00 MB that must move.", false);
}

TEST(Sentences, SaysWhatCachesHad) {
    // Chapter 08, v1: of eight visits to a sector L1 serves seven.
    expect(caches_sentence({{std::string(l1_hits), 87.5}, {std::string(l2_hits), 40}}),
           "L1 had 87.5 % of the sectors", false);
    expect(caches_sentence({{std::string(l2_hits), 40}}), "L2 had 40.0 %", false);
    EXPECT_FALSE(caches_sentence({}).has_value());
}

TEST(Sentences, CountsInstructionsByWarp) {
    // 2^28 elements, one per thread: 2^23 warps.
    expect(instructions_sentence({{std::string(instructions), 20.0 * (1 << 23)}}, {1 << 20, 256}),
           "A warp executes 20.0 instructions, and all of them 167,772,160.", false);
    // The last warp of a block counts, full or not: 2 per block.
    expect(instructions_sentence({{std::string(instructions), 600}}, {3, 33}),
           "A warp executes 100 ", false);
    EXPECT_FALSE(instructions_sentence({}, {1, 32}).has_value());
}

TEST(Sentences, SaysWhereAtomicsMeet) {
    expect(atomics_sentence(10, 320), "takes 32 rounds, as lanes of a warp meet", true);
    expect(atomics_sentence(10, 10), "takes 1 round: its lanes hardly meet", false);
    EXPECT_FALSE(atomics_sentence(0, 0).has_value());
}

TEST(Sentences, NamesTheLimit) {
    const auto limit = [](double dram, double l1) {
        return limit_sentence({{std::string(dram_busy), dram}, {std::string(l1_busy), l1}});
    };
    expect(limit(85, 30), "The limit is DRAM, at 85 % of its peak", true);
    expect(limit(30, 98.7), "The limit is L1 and shared memory, one unit, at 99 %", true);
    expect(limit(71, 30), "The busiest part is DRAM, at 71 % of its peak: it is near", true);
    expect(limit(37, 8.04),
           "Nothing that was watched is at its limit: the busiest part is DRAM, at 37 %", true);
    EXPECT_FALSE(limit_sentence({}).has_value());
    // Chapter 02, v3 on an H200: 2.12 GB where 2.15 GB must move, at 88.9 %.
    const Metrics copy{{std::string(dram_busy), 88.9}};
    expect(limit_sentence(copy, 2.12 / 2.15), "it moves no more than must move", true);
    // Twice as much as must move can be halved.
    expect(limit_sentence(copy, 2), "what helps now is fewer bytes", true);
    // Another part is the limit, whatever DRAM moves.
    expect(limit_sentence({{std::string(l1_busy), 98}}, 1), "The limit is L1", true);
}

TEST(Sentences, SaysWhatWarpsWaitFor) {
    // Chapter 05 on an H200, v1 and v2.
    expect(waiting_sentence({{stalled("long_scoreboard"), 52.4},
                             {stalled("lg_throttle"), 214},
                             {stalled("short_scoreboard"), 0.02},
                             {stalled("barrier"), 0}}),
           "waits longest for room in the queue in front of L1, 214 cycles", true);
    expect(waiting_sentence({{stalled("long_scoreboard"), 1.15}, {stalled("mio_throttle"), 3.12}}),
           "in front of shared memory, 3.1 cycles, which other warps can cover", false);
    EXPECT_FALSE(waiting_sentence({}).has_value());
    // Chapter 01, v3: at DRAM's limit more loads under way only wait longer.
    expect(waiting_sentence({{stalled("long_scoreboard"), 121.4}, {std::string(dram_busy), 91.1}}),
           "global memory, 121 cycles, as DRAM is at its limit.", false);
    expect(waiting_sentence({{stalled("barrier"), 40}, {std::string(dram_busy), 91.1}}),
           "what helps is fewer barriers", true);
}

TEST(Sentences, SaysHowFullTheGpuIs) {
    // Chapter 15: 32 blocks on 132 SMs, 24 %.
    expect(filling_sentence({{std::string(sms_active), 24.2}, {std::string(warps_active), 90}}),
           "work in only 24 % of the cycles", true);
    // Chapter 08, v1 and v2.
    expect(filling_sentence({{std::string(warps_active), 3}}), "held only 3.0 % of the warps",
           true);
    expect(filling_sentence({{std::string(warps_active), 93}}), "An SM held 93 %", false);
    EXPECT_FALSE(filling_sentence({}).has_value());
}

TEST(Sentences, SaysWhetherLanesPart) {
    expect(divergence_sentence({{std::string(active_lanes), 32}}), "do not diverge: all", false);
    expect(divergence_sentence({{std::string(active_lanes), 31}}), "31.0 of a warp's 32", false);
    expect(divergence_sentence({{std::string(active_lanes), 16.5}}), "Only 16.5 of a warp's 32",
           true);
    EXPECT_FALSE(divergence_sentence({}).has_value());
}

TEST(Sentences, NamesTheSideOfTheRoofline) {
    // Vector add: 1 operation for 12 bytes. Matmul of 4,096³: 137 GFLOP for 201 MB, 683 per byte.
    expect(intensity_sentence({12, 1}, 14, "this GPU"),
           "0.083 operations for each byte that must move, where this GPU does 14 in the time of a "
           "byte: the limit is memory",
           false);
    expect(intensity_sentence({3 * 67.1e6, 137.4e9}, 14, "this GPU"),
           "683 operations for each byte", false);
    expect(intensity_sentence({3 * 67.1e6, 137.4e9}, 14, "this GPU"), "the limit is arithmetic",
           false);
    expect(intensity_sentence({8, 0}, 14, "this GPU"), "computes nothing", false);
}

TEST(Sentences, NameTheKernel) {
    const Kernel padded{.name = "padded_kernel", .launch = {262144, 256}};
    expect(launch_sentence(1, padded, ""), "padded_kernel ran as 262,144 blocks of 256 threads.",
           false);
    expect(
        launch_sentence(2, padded, "61 % of their time"),
        "Of its 2 kernels, this is about one: padded_kernel ran as 262,144 blocks of 256 threads "
        "(61 % of their time).",
        true);
    // Chapter 14, v1: profile.sh leaves out the softmax between two kernels.
    expect(launch_sentence(2, padded, "", " that ncu watched"),
           "Of its 2 kernels that ncu watched, this is about one: padded_kernel ran", true);
    const Kernel sort{.name = "sort_kernel", .launch = {1, 1024, 55}};
    expect(launch_sentence(1, sort, ""), "ran 55 times, first as 1 block of 1,024 threads", false);
}

TEST(Sentences, GiveTheTimeARateAndARoof) {
    // Chapter 03, v3: 2.147 GB in 0.626 ms are 3,430 GB/s, 81 % of a copy's 4,247.
    expect(
        speed_sentence({.milliseconds = 0.626,
                        .work = {2.147483648e9, 0},
                        .roof = 4247,
                        .measured_by = "under ncu"}),
        "It took 0.626 ms under ncu: with 2.15 GB to move that is 3,430 GB/s, 81 % of this GPU's "
        "copy (4,247 GB/s).",
        true);
    // Chapter 05, v2: 137.4 GFLOP in 7.87 ms are 17.5 TFLOP/s.
    expect(speed_sentence({.milliseconds = 7.87,
                           .work = {201e6, 137.438953472e9},
                           .arithmetic = true,
                           .measured_by = "under ncu"}),
           "with 137 GFLOP to do that is 17.5 TFLOP/s.", true);
    // Chapter 14, v1: 8.6 GFLOP in 9.469 ms are 0.908 TFLOP/s, 1.43 % of 63.5.
    expect(speed_sentence(
               {.milliseconds = 9.469, .work = {21e6, 8.6e9}, .arithmetic = true, .roof = 63.5}),
           ", 1.4 % of this GPU's fp32 multiply-adds (63.5 TFLOP/s).", true);
    // Chapter 01, v3: 3.22 GB in 0.732 ms are 4,400 GB/s, 103 % of a copy.
    expect(speed_sentence({.milliseconds = 0.732, .work = {3.2212e9, 0}, .roof = 4287}),
           "103 % of this GPU's copy (4,287 GB/s): a copy, which writes as much as it reads, is no "
           "hard limit.",
           true);
    // Chapter 07, v1: 268 MB in 47.4 ms are 5.66 GB/s, a tenth of what a pinned copy reaches.
    expect(speed_sentence({.milliseconds = 47.421,
                           .work = {268.435456e6, 0},
                           .roof = 55.4,
                           .roof_name = "cudaMemcpyAsync, pinned"}),
           "that is 5.66 GB/s, 10 % of cudaMemcpyAsync, pinned (55.4 GB/s).", true);
}

TEST(Sentences, SayWhatKeepsBlocksOut) {
    // An SM of compute capability 9.0, by the CUDA C++ Programming Guide.
    const SmLimits sm{2048, 32, 65536, 228 * 1024, 1024};
    // 34 registers: 1,088 per warp, given as 1,280; 8 warps take 10,240, so 6 blocks fit: 75 %.
    const Fit registers{.registers = 34,
                        .shared_bytes = 17408,
                        .threads = 256,
                        .blocks_on_sm = 6,
                        .occupancy_percent = 75,
                        .limit = OccupancyLimit::registers};
    EXPECT_EQ(occupancy_limit(registers, sm), OccupancyLimit::registers);
    expect(occupancy_sentence(registers),
           "A thread takes 34 registers, a block 17.4 kB of shared memory: an SM holds 6 blocks of "
           "256 threads at once, 75 % of its warps, as its registers are used up",
           false);
    // 32 registers: 1,024 per warp, 8,192 per block: 8 blocks, as many as 2,048 threads allow.
    EXPECT_EQ(occupancy_limit({.registers = 32, .threads = 256}, sm), OccupancyLimit::threads);
    expect(occupancy_sentence(
               {.registers = 32, .threads = 256, .blocks_on_sm = 8, .occupancy_percent = 100}),
           "8 blocks of 256 threads at once, 100 % of its warps.", false);
    // 192 threads: 10 blocks by threads. 34 registers are given as 40, so that 8 blocks fit and not 10.
    EXPECT_EQ(occupancy_limit({.registers = 34, .threads = 192}, sm), OccupancyLimit::registers);
    // 100 KiB a block: two fit.
    EXPECT_EQ(occupancy_limit({.registers = 32, .shared_bytes = 100 << 10, .threads = 256}, sm),
              OccupancyLimit::shared_memory);
    // 32 blocks of one warp: half of the 64 warps.
    EXPECT_EQ(occupancy_limit({.registers = 16, .threads = 32}, sm), OccupancyLimit::blocks);
    expect(occupancy_sentence(
               {.registers = 255, .local_bytes = 48, .threads = 1024, .blocks_on_sm = 0}),
           "48 bytes of local memory", true);
}

TEST(Sentences, CountWaves) {
    expect(waves_sentence(0.24), "fill 24 % of the places", true);
    expect(waves_sentence(1.2), "1.2 waves, and during the last one the GPU is mostly empty", true);
    expect(waves_sentence(165), "165.0 waves, so the GPU is filled", false);
}

TEST(Sentences, SayWhatTheMachineCodeHas) {
    expect(code_sentence({.instructions = 120,
                          .global_loads = 4,
                          .widest_global_load = 16,
                          .wide_global_loads = 4}),
           "120 instructions; of 4 global loads, 4 fetch 16 bytes per lane; nothing is spilled",
           false);
    expect(
        code_sentence(
            {.instructions = 50, .global_loads = 1, .widest_global_load = 4, .tensor = 32}),
        "50 instructions, 32 of them on tensor cores; of 1 global load, 0 fetch 16 bytes per lane "
        "(the widest fetch 4)",
        false);
    expect(code_sentence({.instructions = 50, .local = 12}), "12 accesses of local memory", true);
}

}  // namespace
}  // namespace t2t::profile
