/// @file
/// The benchmark harness's arithmetic and its words; no device is needed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/report.hpp"
#include "common/lab/bench/roofs.hpp"
#include "common/lab/bench/statistics.hpp"

namespace t2t::lab {
namespace {

TEST(Percentile, InterpolatesBetweenNeighbours) {
    // R: quantile(c(15, 20, 35, 40, 50), c(.1, .4, .5, .9))
    const std::vector<double> samples{35, 50, 15, 40, 20};
    EXPECT_DOUBLE_EQ(percentile(samples, 0.1), 17);
    EXPECT_DOUBLE_EQ(percentile(samples, 0.4), 29);
    EXPECT_DOUBLE_EQ(percentile(samples, 0.5), 35);
    EXPECT_DOUBLE_EQ(percentile(samples, 0.9), 46);
    EXPECT_DOUBLE_EQ(percentile(samples, 1.0), 50);
}

TEST(Percentile, OfOneSampleIsThatSample) {
    EXPECT_DOUBLE_EQ(percentile({7}, 0.1), 7);
    EXPECT_DOUBLE_EQ(percentile({7}, 0.9), 7);
    EXPECT_THROW(percentile({}, 0.5), std::invalid_argument);
}

TEST(OperandSets, ExceedTheCacheFourTimes) {
    EXPECT_EQ(operand_sets(100e6, 50'000'000), 2u);
    EXPECT_EQ(operand_sets(99e6, 50'000'000), 3u);
    EXPECT_EQ(operand_sets(1e9, 50'000'000), 1u);
    EXPECT_EQ(operand_sets(1, 50'000'000), 64u);
    EXPECT_EQ(operand_sets(0, 50'000'000), 1u);
    EXPECT_EQ(operand_sets(1e6, 0), 1u);
}

TEST(ShapeLabel, PowersOfTwoStandAlone) {
    EXPECT_EQ(shape_label({1 << 28}), "2^28");
    EXPECT_EQ(shape_label({1000}), "1000");
    EXPECT_EQ(shape_label({1024}), "1024");
    EXPECT_EQ(shape_label({16384, 768}), "16384 × 768");
}

TEST(FirstInParallel, FindsTheLowestWhereverItLies) {
    constexpr std::size_t count = 1001;
    for (const std::size_t wrong : {0, 1, 333, 500, 501, 999, 1000, 1001}) {
        const auto first_in = [&](std::size_t begin, std::size_t end) {
            while (begin < end && begin < wrong) ++begin;  // everything from `wrong` on is wrong
            return begin;
        };
        EXPECT_EQ(first_in_parallel(count, first_in), wrong);
    }
    const auto never_called = [](std::size_t, std::size_t) -> std::size_t { return 7; };
    EXPECT_EQ(first_in_parallel(0, never_called), 0u);
}

/// 1 GB moved in 2 ms is 500 GB/s. The copy takes 1.6 ms, the library 3 ms.
CaseResult copy_case() {
    CaseResult result{.operation = "transpose", .shape = "8 × 8", .work = {1e9, 2e9}};
    result.rows = {
        {"v1_naive", RowKind::rung, {8, 8, 8}},
        {"v2_tile", RowKind::rung, {2.5, 1, 2, 1.5, 3}},
        {"cublasSgeam", RowKind::library, {3}},
        {"device copy", RowKind::copy, {1.6}},
    };
    return result;
}

TEST(Figures, OfARungThatMovesBytes) {
    const auto made = figures(copy_case(), 1, 60);
    ASSERT_TRUE(made);
    EXPECT_DOUBLE_EQ(made->median_ms, 2);
    EXPECT_DOUBLE_EQ(made->p10_ms, 1.2);
    EXPECT_DOUBLE_EQ(made->p90_ms, 2.8);
    EXPECT_DOUBLE_EQ(made->gb_s, 500);
    EXPECT_DOUBLE_EQ(made->tflop_s, 1);
    EXPECT_DOUBLE_EQ(made->percent_of_roof.value(), 80);
    EXPECT_DOUBLE_EQ(made->to_library.value(), 1.5);
    EXPECT_DOUBLE_EQ(made->gain.value(), 4);
}

TEST(Figures, TheGainIsOverTheRungRightBelow) {
    CaseResult result = copy_case();
    result.rows.insert(result.rows.begin() + 2, {"v3_padded", RowKind::rung, {0.5}});
    EXPECT_DOUBLE_EQ(figures(result, 2, 60)->gain.value(), 4);
}

TEST(Figures, TheLowestRungAndTheCopyHaveNoGain) {
    EXPECT_FALSE(figures(copy_case(), 0, 60)->gain);
    EXPECT_FALSE(figures(copy_case(), 2, 60)->gain);
    EXPECT_FALSE(figures(copy_case(), 3, 60)->gain);
    EXPECT_FALSE(figures(copy_case(), 3, 60)->to_library);
    EXPECT_DOUBLE_EQ(figures(copy_case(), 3, 60)->percent_of_roof.value(), 100);
}

TEST(Figures, OfArithmeticAreDividedByThePeak) {
    CaseResult result = copy_case();
    result.roof = Roof::fp32;
    EXPECT_DOUBLE_EQ(figures(result, 1, 50)->percent_of_roof.value(), 2);
    EXPECT_FALSE(figures(result, 1, 0)->percent_of_roof);
}

TEST(Figures, WrongAndMissingRowsAreNoMeasure) {
    CaseResult result = copy_case();
    result.rows[0].fault = "element 3 is nan, expected 1";
    result.rows[2].milliseconds.clear();
    EXPECT_FALSE(figures(result, 1, 60)->gain);
    EXPECT_FALSE(figures(result, 1, 60)->to_library);
    EXPECT_FALSE(figures(result, 2, 60));
}

const DeviceProperties gpu{.name = "NVIDIA H200"};

TEST(Table, TheCpuDeviceComparesNoRungWithTheOneBelow) {
    const DeviceProperties cpu{.name = "CPU device", .is_cpu_device = true};
    std::ostringstream out;
    print_table(out, copy_case(), 60, cpu);
    EXPECT_EQ(out.str().find("rung below"), std::string::npos) << out.str();
    EXPECT_EQ(out.str().find("4.00×"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("1.50×"), std::string::npos) << out.str();  // to the library
}

TEST(Table, ShowsEveryFigure) {
    std::ostringstream out;
    print_table(out, copy_case(), 60, gpu);
    const std::string text = out.str();
    for (const char* part : {"transpose · 8 × 8 · 1 GB to move · 2 GFLOP", "v2_tile", "2.000",
                             "1.200–2.800", "500", "80.0 %", "1.50×", "4.00×", "device copy"}) {
        EXPECT_NE(text.find(part), std::string::npos) << "no " << part << " in\n" << text;
    }
}

TEST(Table, TimesHaveFourDigitsHoweverShort) {
    CaseResult result{.operation = "copy", .shape = "1", .work = {1, 0}};
    result.rows = {{"long", RowKind::rung, {123.456}}, {"short", RowKind::rung, {0.0054321}}};
    std::ostringstream out;
    print_table(out, result, 60, gpu);
    for (const char* part : {" 123.5 ", " 0.005432 "}) {
        EXPECT_NE(out.str().find(part), std::string::npos) << "no " << part << " in\n" << out.str();
    }
}

TEST(Table, NamesWrongAndSkippedRows) {
    CaseResult result = copy_case();
    result.rows[0].fault = "element 3 is nan, expected 1";
    result.rows[1].milliseconds.clear();
    result.rows[1].skipped = "needs compute capability 9.0; a GPU has 8.0";
    EXPECT_TRUE(result.any_wrong());
    std::ostringstream out;
    print_table(out, result, 60, gpu);
    EXPECT_NE(out.str().find("WRONG: element 3 is nan, expected 1"), std::string::npos)
        << out.str();
    EXPECT_NE(out.str().find("not run: needs compute capability 9.0"), std::string::npos);
}

TEST(Table, ColumnsAlignThoughSomeLettersTakeSeveralBytes) {
    std::ostringstream out;
    print_table(out, copy_case(), 60, gpu);
    std::istringstream in(out.str());
    std::vector<std::size_t> widths;
    for (std::string line; std::getline(in, line);) {
        std::size_t letters = 0;
        for (const char byte : line) letters += (byte & 0xc0) != 0x80;
        widths.push_back(letters);
    }
    ASSERT_EQ(widths.size(), 7u);  // an empty line, the title, the heads, four rows
    for (std::size_t i = 3; i < widths.size(); ++i) EXPECT_EQ(widths[i], widths[2]) << out.str();
}

TEST(Header, TheCpuDeviceSaysWhatItsTimesAre) {
    DeviceProperties device{.name = "CPU device", .is_cpu_device = true};
    std::ostringstream cpu;
    print_header(cpu, device, "2026-01-01T00:00:00Z");
    EXPECT_NE(cpu.str().find("CPU device: times are of the simulation, not of a GPU"),
              std::string::npos);
    EXPECT_NE(cpu.str().find("./t2t check counts what moves"), std::string::npos);
    device = {.name = "NVIDIA H200", .driver_version = 13000, .runtime_version = 12080};
    std::ostringstream gpu;
    print_header(gpu, device, "2026-01-01T00:00:00Z");
    EXPECT_EQ(gpu.str(),
              "NVIDIA H200 · driver for CUDA 13.0 · runtime 12.8 · 2026-01-01T00:00:00Z\n");
}

TEST(Json, HoldsWhatTheTableShowsAndAllSamples) {
    const DeviceProperties device{.name = "NVIDIA H200", .compute_capability = 90};
    const Roofs roofs{"NVIDIA H200", "2026-01-01T00:00:00Z", 13000, 4200, 60};
    const auto json = nlohmann::json::parse(
        to_json({copy_case()}, device, roofs, "2026-01-02T00:00:00Z", "./t2t bench 3").dump());
    EXPECT_EQ(json.at("device").at("name"), "NVIDIA H200");
    EXPECT_EQ(json.at("command"), "./t2t bench 3");
    EXPECT_EQ(json.at("roofs").at("copy_gb_s"), 4200);
    const auto& row = json.at("cases").at(0).at("rows").at(1);
    EXPECT_EQ(row.at("name"), "v2_tile");
    EXPECT_EQ(row.at("right"), true);
    EXPECT_EQ(row.at("median_ms"), 2.0);
    EXPECT_EQ(row.at("percent_of_roof"), 80.0);
    EXPECT_EQ(row.at("samples_ms").size(), 5u);
    EXPECT_TRUE(json.at("cases").at(0).at("rows").at(0).at("times_rung_below").is_null());
}

TEST(WhyNot, TheDeviceComesBeforeTheShape) {
    const DeviceProperties device{.name = "NVIDIA A100", .compute_capability = 80};
    BenchRow row{.name = "v2_tile", .needs = Needs{80}, .run = {}};
    EXPECT_EQ(why_not(row, device), "");
    row.refusal = "takes n that is even, and this is 3";
    EXPECT_EQ(why_not(row, device), "takes n that is even, and this is 3");
    row.needs = Needs{90};
    EXPECT_EQ(why_not(row, device), "needs compute capability 9.0; NVIDIA A100 has 8.0");
}

/// A folder of its own for each test.
class RoofsFile : public testing::Test {
 protected:
    RoofsFile() { std::filesystem::create_directories(folder); }
    ~RoofsFile() override { std::filesystem::remove_all(folder); }

    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) /
        ("t2t_roofs_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    const Roofs roofs{"NVIDIA H200", "2026-01-01T00:00:00Z", 13000, 4212.5, 61.25};
};

TEST_F(RoofsFile, KeepsEveryFieldAndMakesItsFolders) {
    const auto file = folder / "a" / "b" / "roofs.txt";
    EXPECT_TRUE(store_roofs(roofs, file));
    const auto loaded = load_roofs(file);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->device, roofs.device);
    EXPECT_EQ(loaded->date, roofs.date);
    EXPECT_EQ(loaded->driver_version, roofs.driver_version);
    EXPECT_EQ(loaded->copy_gb_s, roofs.copy_gb_s);
    EXPECT_EQ(loaded->fp32_tflop_s, roofs.fp32_tflop_s);
}

TEST_F(RoofsFile, AFileThatHoldsNoRoofsIsAsGoodAsNone) {
    EXPECT_FALSE(load_roofs(folder / "missing.txt"));
    for (const char* text : {"", "\n", "copy_gb_s", "copy_gb_s \nfp32_tflop_s 1", "copy_gb_s 1",
                             "copy_gb_s much\nfp32_tflop_s 1", "copy_gb_s 0\nfp32_tflop_s 1",
                             R"({"copy_gb_s": 1, "fp32_tflop_s": 1})"}) {
        std::ofstream(folder / "roofs.txt") << text;
        EXPECT_FALSE(load_roofs(folder / "roofs.txt")) << text;
    }
}

TEST_F(RoofsFile, AFolderThatCannotBeWrittenIsOnlyAWarning) {
    std::ofstream(folder / "file") << "in the way";  // works for root too, unlike permissions
    testing::internal::CaptureStderr();
    EXPECT_FALSE(store_roofs(roofs, folder / "file" / "roofs.txt"));
    const std::string warning = testing::internal::GetCapturedStderr();
    EXPECT_NE(warning.find("warning: cannot write"), std::string::npos) << warning;
}

TEST_F(RoofsFile, LiesInTheCacheFolderUnderTheDevicesName) {
    const char* before = std::getenv("XDG_CACHE_HOME");
    const std::string kept = before ? before : "";
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(roofs_file("NVIDIA H200 (141 GB)"), "/somewhere/t2t/roofs-NVIDIA-H200--141-GB-.txt");
    unsetenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    EXPECT_EQ(roofs_file("a"), std::filesystem::path(home ? home : ".") / ".cache/t2t/roofs-a.txt");
    if (before) setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

}  // namespace
}  // namespace t2t::lab
