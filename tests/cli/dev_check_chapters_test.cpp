/// @file
/// The rules for chapters, over a small repository: a planted fault is named, and nothing else is.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "cli/dev_check/check.hpp"
#include "cli/dev_check/measured.hpp"
#include "tests/cli/small_repository.hpp"

namespace t2t::dev_check {
namespace {

constexpr auto lesson_path = "chapters/01_scale/README.md";
constexpr auto header_path = "chapters/01_scale/scale.cuh";
constexpr auto naive_path = "chapters/01_scale/v1_naive.cu";
constexpr auto wide_path = "chapters/01_scale/v2_wide.cu";

TEST(DevCheck, FindsNothingInACleanTree) {
    EXPECT_TRUE(check(small_repository()).empty()) << text_of(check(small_repository()));
}

TEST(DevCheck, SortsByPathAndLine) {
    Tree tree = with(header_path, "};\nvoid", "}; \nvoid");
    tree["a.md"].text = "one \n\ntwo \n";
    const Findings findings = check(tree);
    ASSERT_EQ(findings.size(), 3u) << text_of(findings);
    EXPECT_EQ(findings[0].path, "a.md");
    EXPECT_EQ(findings[1].line, 3u);
    EXPECT_EQ(findings[2].path, header_path);
}

TEST(ChapterFiles, NamesWhatIsMissing) {
    const std::string bench = "chapters/01_scale/bench.cu";
    const std::string profile = "chapters/01_scale/profile.sh";
    EXPECT_TRUE(names(without(bench), bench, 1, "is missing"));
    EXPECT_TRUE(names(without(profile), profile, 1, "is missing"));
    EXPECT_FALSE(check(without(header_path)).empty());
    EXPECT_FALSE(check(without(lesson_path)).empty());
}

TEST(ChapterFiles, NamesAFolderWithoutANumber) {
    EXPECT_TRUE(names(with_file("chapters/scale/a.hpp", {}), "chapters/scale", 1, "NN_name"));
}

TEST(ChapterFiles, NamesAChapterWithoutRungs) {
    Tree tree = with_file(header_path, {"#pragma once\n"});
    tree.erase(naive_path);
    tree.erase(wide_path);
    EXPECT_TRUE(names(tree, "chapters/01_scale", 1, "no rung"));
}

TEST(LessonParts, NamesAMissingPartAndAWrongOrder) {
    EXPECT_TRUE(names(with(lesson_path, "## Go deeper\n", ""), lesson_path, 17, "Go deeper"));
    EXPECT_TRUE(names(with(lesson_path, "## Problem", "## Predict"), lesson_path, 2,
                      "'## Problem' is due"));
    EXPECT_TRUE(
        names(with(lesson_path, "## Exercises", "## Homework"), lesson_path, 15, "Homework"));
}

TEST(LessonParts, CountsNoHeadingInsideCode) {
    EXPECT_TRUE(check(with(lesson_path, "## Predict", "```\n## no part\n```\n## Predict")).empty());
}

TEST(RungHeaders, NamesAWrongNumberAndAMissingLine) {
    EXPECT_TRUE(
        names(with(naive_path, "Rung 1: naive.", "Rung 2: naive."), naive_path, 1, "Rung 1: "));
    EXPECT_TRUE(names(with(wide_path, "/// Expect  ", "/// Hope    "), wide_path, 1, "Expect"));
    EXPECT_TRUE(names(with(wide_path, "/// Idea    ", "/// Thought "), wide_path, 1, "Idea"));
}

TEST(RungHeaders, WantAChangeFromTheSecondRungOn) {
    const std::string first = "/// Changed   Against the loop on a CPU: no loop.\n";
    const std::string second = "/// Changed   One access moves 16 bytes\n";
    EXPECT_TRUE(check(with(naive_path, first, "")).empty());
    EXPECT_TRUE(names(with(wide_path, second, ""), wide_path, 1, "'/// Changed'"));
    EXPECT_TRUE(names(with(naive_path, first + "/// Expect ", "/// Hope "), naive_path, 1,
                      "'/// Changed'"));
}

TEST(RungKernels, NamesASecondKernelAndNone) {
    EXPECT_TRUE(
        names(with(wide_path, "wide_tail_kernel", "tail_kernel"), wide_path, 17, "second kernel"));
    EXPECT_TRUE(
        names(with(naive_path, "naive_kernel(float", "naive(float"), naive_path, 13, "_kernel"));
    EXPECT_TRUE(names(with(naive_path, "__global__", "inline"), naive_path, 1, "no __global__"));
    EXPECT_TRUE(names(with(naive_path, "__global__", "/* cudaMemcpyAsync */ inline"), naive_path, 1,
                      "no __global__"));
}

TEST(RungKernels, AcceptsACopyInAKernelsPlace) {
    const auto copy = "inline void copy() { cudaMemcpyAsync(); }\ninline";
    EXPECT_FALSE(names(with(naive_path, "__global__", copy), naive_path, 1, "no __global__"));
}

constexpr auto chain_rung = R"(/// Rung 1: a chain.
///
/// Idea      One operation after another.
/// Changed   Against the loop on a CPU: two operations.
/// Expect    8 bytes per element and operation.
/// Measured  H200, 2^28: 4,200 GB/s.
#include "chapters/01_scale/scale.cuh"

namespace t2t::scale {

template <typename T>
void v1_naive(const Scale<T>& op, cudaStream_t stream) {
    if (!op.check()) return;
    run(ladder, {.x = op.x, .n = op.n}, stream);
}

template void v1_naive(const Scale<float>&, cudaStream_t);

}  // namespace t2t::scale
)";

TEST(RungKernels, AcceptsAChainOfOperationsInAKernelsPlace) {
    const auto calls = [](std::string_view words) {
        Tree tree = with_file(naive_path, {chain_rung});
        std::string& text = tree.at(naive_path).text;
        text.replace(text.find("run("), 4, words);
        return tree;
    };
    for (const auto* words : {"run(", "quantization::run_linear("}) {
        EXPECT_TRUE(check(calls(words)).empty()) << text_of(check(calls(words)));
    }
    for (const auto* words : {"prune(", "runs(", "rerun_linear(", "f(/* run( */", "run = ("}) {
        EXPECT_TRUE(names(calls(words), naive_path, 1, "no __global__")) << words;
    }
}

TEST(RungLaunchers, AcceptsWhatTellsTheWorkspace) {
    const auto workspace =
        "std::size_t v2_wide_workspace(const Scale& op) { return 4; }\n\nvoid v2_wide(";
    EXPECT_TRUE(check(with(wide_path, "void v2_wide(", workspace)).empty());
    const auto another =
        "std::size_t v1_naive_workspace(const Scale& op) { return 4; }\n\nvoid v2_wide(";
    EXPECT_TRUE(names(with(wide_path, "void v2_wide(", another), wide_path, 21, "neither"));
}

TEST(RungLaunchers, NamesAHelperThatIsPublicAndAMissingLauncher) {
    const auto helper = "void helper(int a) {}\n\nvoid v2_wide(";
    EXPECT_TRUE(
        names(with(wide_path, "void v2_wide(", helper), wide_path, 21, "'helper' is public"));
    const Tree renamed = with(wide_path, "void v2_wide(", "static void v2_wide_launch(");
    EXPECT_TRUE(names(renamed, wide_path, 1, "defines no launcher 'v2_wide'"));
}

TEST(RungMeasurements, WantsADeviceAndAFigure) {
    const auto measured = [](std::string_view words) {
        return with(naive_path, "H200, 2^28: 4,200 GB/s.", words);
    };
    EXPECT_TRUE(names(measured("H200: pending, expect 4000"), naive_path, 6, "pending"));
    EXPECT_TRUE(names(measured("4,200 GB/s"), naive_path, 6, "names no device"));
    EXPECT_TRUE(names(measured("H200: as fast as a copy"), naive_path, 6, "no figure"));
    EXPECT_TRUE(check(measured("CPU device: 4.00 sectors per request")).empty());
}

TEST(MeasuredTables, WantsADeviceNearTheTable) {
    EXPECT_TRUE(names(with(lesson_path, "*H200, 2^28 floats.*", "*2^28 floats.*"), lesson_path, 8,
                      "device"));
    const Tree far = with(lesson_path, "*H200, 2^28 floats.*", "\n\n*H200*");
    EXPECT_TRUE(names(far, lesson_path, 8, "device"));
    const Tree before = with(lesson_path, "### v1_naive\n", "On an H200:\n");
    EXPECT_TRUE(measured_tables(before).empty());
    Tree no_times = with(lesson_path, "| rung | ms | GB/s |", "| rung | sectors | items |");
    std::string& text = no_times.at(lesson_path).text;
    text.erase(text.find("*H200"), 6);
    EXPECT_TRUE(check(no_times).empty()) << text_of(check(no_times));
}

}  // namespace
}  // namespace t2t::dev_check
