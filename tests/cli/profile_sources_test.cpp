// Which sentences `t2t profile` makes of what ncu, or CUDA's own calls, measured.

#include "cli/profile/sources.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace t2t::profile {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(ProfileSentences, AreFiveAtMostAndKeepWhatMatters) {
    std::vector<Sentence> all;
    for (const char* text : {"a", "b!", "c", "d!", "e!", "f", "g!"}) {
        all.push_back({text, std::string(text).ends_with('!')});
    }
    // f goes first, then c.
    EXPECT_EQ(chosen(all), (std::vector<std::string>{"a", "b!", "d!", "e!", "g!"}));
    EXPECT_EQ(chosen({{"a", false}}), std::vector<std::string>{"a"});
    const std::vector<Sentence> bad(7, Sentence{"x", true});
    EXPECT_EQ(chosen(bad).size(), 5u);
}

TEST(ProfileSentences, OfNcuUseTheWidthOfTheMachineCode) {
    Kernel kernel{.name = "vectors_kernel", .launch = {1024, 256}};
    kernel.metrics = {{std::string(sectors_per_load), 16}, {std::string(duration), 1e6}};
    const auto about_loads = [&] {
        for (const Sentence& one : sentences_of_ncu({kernel}, {.milliseconds = 1})) {
            if (one.text.starts_with("Loads")) return one.text;
        }
        return std::string();
    };
    EXPECT_PRED2(contains, about_loads(), "right for lanes side by side with 16 bytes");
    kernel.code = MachineCode{.instructions = 9, .global_loads = 1, .widest_global_load = 16};
    EXPECT_PRED2(contains, about_loads(), "Loads are coalesced");
    kernel.code->widest_global_load = 4;
    EXPECT_PRED2(contains, about_loads(), "Loads are scattered");
}

TEST(ProfileSentences, OfNcuCompareThePassesOfSharedMemoryWithItsWidth) {
    // Chapter 03, v5 on an H200: 8.6 million passes for 2.1 million loads of 16 bytes per lane.
    Kernel kernel{.name = "registers_kernel", .launch = {65536, 256}};
    kernel.metrics = {{std::string(shared_loads), 2.1e6}, {std::string(shared_load_passes), 8.6e6}};
    kernel.code = MachineCode{.instructions = 9, .shared_loads = 4, .widest_shared_load = 16};
    const auto about_banks = [&] {
        for (const Sentence& one : sentences_of_ncu({kernel}, {.milliseconds = 1})) {
            if (one.text.starts_with("Banks")) return one.text;
        }
        return std::string();
    };
    EXPECT_PRED2(contains, about_banks(),
                 "Banks hardly conflict: a load from shared memory takes 4.1");
    kernel.code->widest_shared_load = 4;
    EXPECT_PRED2(contains, about_banks(), "takes 4.1 passes where 1 would do");
    kernel.code->widest_shared_load = 1;  // a pass is the least, however narrow
    EXPECT_PRED2(contains, about_banks(), "takes 4.1 passes where 1 would do");
}

TEST(ProfileSentences, OfEventsSayWhatIsKnownWithoutCounters) {
    EventFacts facts{.speed = {.milliseconds = 0.626, .work = {2.147483648e9, 0}, .roof = 4247},
                     .fp32_roof = 60,
                     .copy_roof = 4247};
    // Nothing could be recorded.
    EXPECT_EQ(sentences_of_events(facts).size(), 2u);

    Kernel kernel{.name = "padded_kernel", .launch = {132 * 8, 256}};
    kernel.metrics = {{std::string(waves), 1}};
    kernel.code = MachineCode{.instructions = 70, .global_loads = 4, .widest_global_load = 4};
    facts.kernels = {kernel};
    facts.fits = {{.registers = 32, .threads = 256, .blocks_on_sm = 8, .occupancy_percent = 100}};
    const auto texts = chosen(sentences_of_events(facts));
    ASSERT_EQ(texts.size(), 5u);
    EXPECT_PRED2(contains, texts[0], "It took 0.626 ms");
    EXPECT_PRED2(contains, texts[1], "It computes nothing");
    EXPECT_PRED2(contains, texts[2], "padded_kernel ran as 1,056 blocks of 256 threads");
    EXPECT_PRED2(contains, texts[3], "an SM holds 8 blocks");

    EXPECT_PRED2(contains, texts[4], "Its machine code has 70 instructions");

    // Of several kernels that nobody timed, the one with most threads: 2 · 256 of 264 blocks are fewer.
    Kernel small = kernel;
    small.name = "small_kernel";
    small.launch = {264, 256, 2};
    facts.kernels = {small, kernel};
    facts.fits = {{.blocks_on_sm = 1}, facts.fits[0]};
    EXPECT_EQ(largest(facts.kernels), 1u);
    EXPECT_PRED2(contains, sentences_of_events(facts)[2].text,
                 "Of its 2 kernels, this is about one: padded_kernel ran as 1,056 blocks of 256 "
                 "threads (the most threads).");
    EXPECT_PRED2(contains, sentences_of_events(facts)[3].text, "an SM holds 8 blocks");

    // A wrong result comes first, and has no time.
    facts.wrong = "element 7 is 0, expected 1";
    facts.speed.milliseconds = 0;
    EXPECT_PRED2(contains, sentences_of_events(facts)[0].text, "The result is wrong");
    for (const Sentence& one : sentences_of_events(facts)) {
        EXPECT_FALSE(one.text.starts_with("It took")) << one.text;
    }
}

TEST(ProfileSentences, OfEventsCallACopyACopy) {
    const EventFacts facts{.speed = {.milliseconds = 47.4, .work = {268e6, 0}},
                           .fp32_roof = 63.5,
                           .copy_roof = 4287,
                           .launches_kernels = false};
    const auto sentences = sentences_of_events(facts);
    ASSERT_EQ(sentences.size(), 2u);
    EXPECT_PRED2(contains, sentences[1].text, "It launches no kernel: it copies");
}

TEST(ProfileSentences, OfNcuDoNotAskForFewerBytesThanMustMove) {
    // Chapter 02, v3 on an H200.
    Kernel kernel{.name = "copy_vectorised_kernel", .launch = {262144, 256}};
    kernel.metrics = {{std::string(dram_busy), 88.9},
                      {std::string(dram_read), 1.07e9},
                      {std::string(dram_written), 1.05e9}};
    const auto limit = [&](double must_move) {
        return sentences_of_ncu({kernel}, {.milliseconds = 1, .work = {must_move, 0}})[2].text;
    };
    EXPECT_PRED2(contains, limit(2.15e9), "there is little left to gain");
    EXPECT_PRED2(contains, limit(1.07e9), "what helps now is fewer bytes");
}

TEST(ProfileSentences, OfNcuAddUpTheKernelsOfARung) {
    Kernel first{.name = "first_kernel", .launch = {1, 32}};
    first.metrics = {{std::string(duration), 3e6}, {std::string(dram_read), 1e9}};
    Kernel second{.name = "second_kernel", .launch = {1, 32}};
    second.metrics = {{std::string(duration), 1e6}, {std::string(dram_read), 1e9}};
    const auto sentences = sentences_of_ncu({second, first}, {.milliseconds = 4, .work = {2e9, 0}});
    EXPECT_PRED2(contains, sentences[0].text,
                 "Of its 2 kernels that ncu watched, this is about one");
    EXPECT_PRED2(contains, sentences[0].text, "first_kernel ran as 1 block of 32 threads (75 %");
    EXPECT_PRED2(contains, sentences.back().text, "DRAM sent 2.00 GB, and 2.00 GB must move");
}

}  // namespace
}  // namespace t2t::profile
