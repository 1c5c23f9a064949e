// How `t2t profile` prints what it found, and which rung its words mean.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chapters/ladders.hpp"
#include "cli/profile/ncu.hpp"
#include "cli/profile/subject.hpp"
#include "cli/usage_error.hpp"

namespace t2t::profile {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Profile example() {
    Profile profile;
    profile.chapter = "03_shared_memory";
    profile.rung = "v2_tile";
    profile.shape = "16384 × 16384";
    profile.device = "NVIDIA H200";
    profile.date = "2026-01-31T12:00:00Z";
    profile.source = "ncu";
    profile.notes = {"A note."};
    profile.sentences = {"Short.", std::string(40, 'a') + ' ' + std::string(40, 'b') + ' ' +
                                       std::string(40, 'c') + '.'};
    profile.figures = {{std::string(duration), 1212345},
                       {std::string(dram_read), 1073741824},
                       {std::string(dram_busy), 37.04},
                       {std::string(sectors_per_load), 4},
                       {std::string(shared_load_passes), 272629760},
                       {std::string(static_shared), 4096},
                       {std::string(dynamic_shared), 0},
                       {"a__metric_that_nobody_knows.sum", 12.5}};
    profile.code = MachineCode{
        .instructions = 80, .global_loads = 4, .wide_global_loads = 3, .local = 2, .tensor = 32};
    profile.kernels = {{.name = "tile_kernel",
                        .launch = {262144, 256},
                        .metrics = profile.figures,
                        .code = MachineCode{.instructions = 80, .barriers = 1}}};
    profile.next = {{"the lesson", "chapters/03_shared_memory/README.md"}};
    return profile;
}

TEST(ProfilePrint, NumbersHaveTheirUnits) {
    EXPECT_EQ(text_of(1212345, Unit::nanoseconds), "1.212 ms");
    EXPECT_EQ(text_of(3420, Unit::nanoseconds), "3.42 µs");
    EXPECT_EQ(text_of(2.748e8, Unit::nanoseconds), "274.8 ms");
    EXPECT_EQ(text_of(1073741824, Unit::bytes), "1.07 GB");
    EXPECT_EQ(text_of(37.04, Unit::percent), "37.0 %");
    EXPECT_EQ(text_of(100, Unit::percent), "100 %");
    EXPECT_EQ(text_of(272629760, Unit::count), "272,629,760");
    EXPECT_EQ(text_of(4, Unit::ratio), "4.00");
    EXPECT_EQ(text_of(52.4, Unit::cycles), "52.4");
}

TEST(ProfilePrint, HasSentencesTableAndPlacesInAHundredColumns) {
    std::ostringstream out;
    print(out, example());
    const std::string text = out.str();
    EXPECT_PRED2(contains, text, "03_shared_memory · v2_tile · 16384 × 16384\n");
    EXPECT_PRED2(contains, text, "NVIDIA H200 · 2026-01-31T12:00:00Z\n");
    EXPECT_PRED2(contains, text, "Source: ncu.\n  A note.\n");
    EXPECT_PRED2(contains, text, "\n1. Short.\n2. aaa");
    EXPECT_PRED2(contains, text, "bbb\n   ccc");  // under the first word of the sentence
    EXPECT_PRED2(contains, text, "DRAM bytes read");
    EXPECT_PRED2(contains, text, "1.07 GB  what the caches did not have");
    EXPECT_PRED2(contains, text,
                 "\n\nvalue  ncu's name, in ncu's unit\n 12.5  a__metric_that_nobody");
    EXPECT_PRED2(contains, text, "Where to look next\n  the lesson  chapters/03_shared_memory");

    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::size_t columns = 0;
        for (const char byte : line) columns += (byte & 0xc0) != 0x80;
        EXPECT_LE(columns, 100u) << line;
    }
}

TEST(ProfilePrint, CountsTheMachineCode) {
    std::ostringstream out;
    print(out, example());
    EXPECT_PRED2(contains, out.str(), "\nmachine code ");
    EXPECT_PRED2(contains, out.str(), "3 of 4  in it, of global memory");
    EXPECT_PRED2(contains, out.str(), "\nlocal accesses ");
    EXPECT_PRED2(contains, out.str(), "\ntensor instructions ");
    EXPECT_FALSE(contains(out.str(), "multiply-adds"));  // it has none
}

TEST(ProfilePrint, LeavesOutSharedMemoryThatIsNotThere) {
    std::ostringstream out;
    print(out, example());
    EXPECT_PRED2(contains, out.str(), "4.10 kB  a block, of __shared__ arrays");
    EXPECT_FALSE(contains(out.str(), "given at the launch"));
}

// Every metric of every profile.sh, with a value as long as they come.
TEST(ProfilePrint, CutsNoMeaningAndIsSmall) {
    for (const auto& chapter : std::filesystem::directory_iterator("chapters")) {
        std::ifstream script(chapter.path() / "profile.sh");
        const std::string lines(std::istreambuf_iterator<char>(script), {});
        Profile profile = example();
        profile.figures = {{std::string(registers), 255},
                           {std::string(static_shared), 1e5},
                           {std::string(waves), 1},
                           {std::string(occupancy), 50}};
        profile.code->multiply_adds = 1024;
        for (const std::string& metric : metrics_asked(lines))
            profile.figures[metric] = 999999999999;
        std::ostringstream out;
        print(out, profile);
        const std::string text = out.str();
        EXPECT_FALSE(contains(text, "…\n")) << text;
        const std::string table =
            text.substr(text.find("\nfigure"), text.find("\nWhere") - text.find("\nfigure"));
        EXPECT_LE(std::ranges::count(table, '\n'), 2 + 23) << table;
    }
}

TEST(ProfilePrint, KeepsANumberAndItsPerCentTogether) {
    Profile profile;
    // 100 columns end behind the number.
    profile.sentences = {std::string(92, 'a') + " 100 % of all."};
    std::ostringstream out;
    print(out, profile);
    EXPECT_PRED2(contains, out.str(), "a\n   100 % of all.\n");
}

TEST(ProfilePrint, OrdersTheTableByTopicAndUnknownMetricsLast) {
    std::ostringstream out;
    print(out, example());
    const std::string text = out.str();
    EXPECT_LT(text.find("\ntime"), text.find("DRAM busy"));
    EXPECT_LT(text.find("DRAM busy"), text.find("passes of loads"));
    EXPECT_LT(text.find("passes of loads"), text.find("a__metric"));
}

TEST(ProfilePrint, IsJsonForPrograms) {
    const auto json = to_json(example(), "./t2t profile 03 v2_tile");
    EXPECT_EQ(json["command"], "./t2t profile 03 v2_tile");
    EXPECT_EQ(json["rung"], "v2_tile");
    EXPECT_EQ(json["sentences"].size(), 2u);
    EXPECT_EQ(json["figures"][0]["metric"], "gpu__time_duration.sum");
    EXPECT_EQ(json["figures"][0]["value"], 1212345);
    EXPECT_EQ(json["figures"][0]["unit"], "nanoseconds");
    EXPECT_EQ(json["figures"].back()["metric"], "a__metric_that_nobody_knows.sum");
    EXPECT_FALSE(json["figures"].back().contains("unit"));
    EXPECT_EQ(json["kernels"][0]["blocks"], 262144);
    EXPECT_EQ(json["kernels"][0]["machine_code"]["barriers"], 1);
    EXPECT_EQ(json["next"][0]["where"], "chapters/03_shared_memory/README.md");
}

// A device that runs everything.
DeviceProperties device() {
    DeviceProperties device;
    device.name = "a device";
    device.compute_capability = 90;
    return device;
}

std::string refusal(const std::string& chapter, const std::string& rung) {
    try {
        find_subject(chapter, rung, device());
    } catch (const cli::UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(ProfileSubject, IsTheTopRungUnlessWordsNameAnother) {
    EXPECT_EQ(find_subject("03", "", device()).rung->name, ladders_of(3)[0].rungs.back().name);
    EXPECT_EQ(find_subject("shared_memory", "v2", device()).rung->name, "v2_tile");
    EXPECT_EQ(find_subject("3", "v3_padded", device()).rung->name, "v3_padded");
    // The second ladder of a chapter, with its own case.
    const Subject gather = find_subject("02", "v2_gather_warp_per_row", device());
    EXPECT_EQ(gather.ladder->operation, gather.bench_case.operation);
}

TEST(ProfileSubject, AnswersUnknownWordsWithThoseThereAre) {
    EXPECT_PRED2(contains, refusal("99", ""), "unknown chapter '99'");
    EXPECT_PRED2(contains, refusal("03", "v9"),
                 "chapter 03_shared_memory has no rung 'v9'; there are: v1_naive v2_tile");
    EXPECT_PRED2(contains, refusal("03", "v"), "has no rung 'v'");
    EXPECT_PRED2(contains, refusal("02", "v1"),
                 "name it in full: v1_copy_strided v1_soa_by_field v1_gather_thread_per_row");
}

TEST(ProfileSubject, RefusesWhatTheDeviceCannotRun) {
    DeviceProperties old = device();
    old.compute_capability = 10;
    EXPECT_THROW(find_subject("03", "v2_tile", old), std::runtime_error);
}

TEST(ProfileSubject, PointsAtTheRungAbove) {
    const auto above = [](const std::string& rung) {
        const Profile profile = profile_of(find_subject("03", rung, device()));
        return profile.next.back();
    };
    EXPECT_EQ(above("v2").where, "./t2t profile 03 v3_padded");
    EXPECT_EQ(profile_of(find_subject("03", "v2", device())).next[0].where,
              "chapters/03_shared_memory/README.md#v2_tile");
    EXPECT_NE(above("v6").what, "the rung above");
    EXPECT_EQ(above("v6").what, "the profiler");
    DeviceProperties none = device();
    none.is_cpu_device = true;
    EXPECT_EQ(profile_of(find_subject("03", "v6", none)).next.back().what, "with a GPU");
}

}  // namespace
}  // namespace t2t::profile
