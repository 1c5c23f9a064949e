/// @file
/// The rules for includes, links and text, over a small repository: a planted fault is named, and
/// nothing else is.

#include <string>

#include <gtest/gtest.h>

#include "cli/dev_check/check.hpp"
#include "cli/dev_check/scan.hpp"
#include "tests/cli/small_repository.hpp"

namespace t2t::dev_check {
namespace {

constexpr auto lesson_path = "chapters/01_scale/README.md";
constexpr auto header_path = "chapters/01_scale/scale.cuh";
constexpr auto naive_path = "chapters/01_scale/v1_naive.cu";
constexpr auto wide_path = "chapters/01_scale/v2_wide.cu";

TEST(IncludeArrows, NamesAnArrowThatRunsBack) {
    const std::string ladder = "common/lab/ladder.hpp";
    EXPECT_TRUE(names(with(ladder, "<array>", "\"model/table.hpp\""), ladder, 2, "never back"));
    EXPECT_TRUE(names(with(header_path, "common/lab/ladder.hpp", "cli/main.cpp"), header_path, 4,
                      "never back"));
    const auto test = "\"tests/chapters/scale_test.cpp\"";
    EXPECT_TRUE(
        names(with("cli/main.cpp", "\"model/table.hpp\"", test), "cli/main.cpp", 1, "never back"));
}

TEST(IncludeArrows, NamesAnIncludeThatDoesNotRunFromTheRoot) {
    EXPECT_TRUE(names(with(wide_path, "chapters/01_scale/scale.cuh", "scale.cuh"), wide_path, 9,
                      "from the root"));
    const auto commented = "// #include \"nowhere.hpp\"\n#include <array>";
    EXPECT_TRUE(check(with("common/lab/ladder.hpp", "#include <array>", commented)).empty());
}

TEST(PrivateHeaders, NamesAnotherChaptersHeader) {
    const std::string test = "tests/chapters/scale_test.cpp";
    EXPECT_TRUE(names(with(test, "scale.cuh", "launch.hpp"), test, 1, "private to its chapter"));
}

TEST(PrivateHeaders, KeepsLearnersOffTheCpuDevice) {
    Tree tree = with_file("common/cpu_device/block.hpp", {"#pragma once\n"});
    tree["exercises/01_scale/scale.cu"].text = "#include \"common/cpu_device/block.hpp\"\n";
    EXPECT_TRUE(names(tree, "exercises/01_scale/scale.cu", 1, "CPU device's own"));
}

TEST(CommonNamesNoChapter, NamesTheLine) {
    const std::string ladder = "common/lab/ladder.hpp";
    EXPECT_TRUE(names(with(ladder, "<array>\n", "<array>\n// as in chapters/01_scale\n"), ladder, 3,
                      "names a chapter"));
}

TEST(Links, NamesAPictureAndAPageThatAreNotThere) {
    EXPECT_TRUE(
        names(without("docs/pictures/scale.svg"), lesson_path, 3, "docs/pictures/scale.svg"));
    const Tree moved = with("README.md", "chapters/01_scale/README.md", "chapters/02_scale");
    EXPECT_TRUE(names(moved, "README.md", 3, "leads nowhere"));
    const Tree html = with("README.md", "## Add", "<img src=\"docs/no.svg\" alt=\"\">\n\n## Add");
    EXPECT_TRUE(names(html, "README.md", 5, "docs/no.svg"));
}

TEST(Links, NamesAHeadingThatIsNotThere) {
    EXPECT_TRUE(names(with("README.md", "## Add a rung", "## Add a step"), lesson_path, 16,
                      "no such heading"));
    EXPECT_TRUE(
        names(with(lesson_path, "(#the-ladder)", "(#ladder)"), lesson_path, 16, "no such heading"));
}

TEST(Links, FollowsFoldersAnchorsAndCode) {
    const auto page = [](std::string text) { return check(with_file("docs/page.md", {text})); };
    EXPECT_TRUE(page("[a](../chapters/) [b](https://example.org/x.md#y) [c](#x)\n# `x`\n").empty());
    EXPECT_TRUE(page("[a](#x-1)\n# x\n# x\n").empty());
    EXPECT_TRUE(page("[a](#01--größe-a-b)\n# 01 · Größe → `a` [b](../t2t)\n").size() == 1);
    EXPECT_TRUE(page("[a](#01--größe--a-b)\n# 01 · Größe → `a` [b](../t2t)\n").empty());
    EXPECT_TRUE(page("`a[i](j)` and\n```cpp\na[i](j);\n```\n").empty());
    EXPECT_EQ(page("a[i](j)\n").size(), 1u);
}

TEST(Leftovers, NamesTheWord) {
    const std::string mark = std::string("TO") + "DO";
    EXPECT_TRUE(names(with(naive_path, "a { in", mark + ": a { in"), naive_path, 14, mark));
    EXPECT_TRUE(check(with(naive_path, "a { in", mark + "S of a { in")).empty());
}

TEST(LineEnds, NamesBlanksAndAMissingNewline) {
    EXPECT_TRUE(
        names(with(wide_path, "16 bytes\n", "16 bytes \n"), wide_path, 4, "ends in a blank"));
    EXPECT_TRUE(
        names(with(wide_path, "16 bytes\n", "16 bytes\r\n"), wide_path, 4, "ends in a blank"));
    EXPECT_TRUE(
        names(with("docs/pictures/scale.svg", "\n", ""), "docs/pictures/scale.svg", 1, "newline"));
    EXPECT_TRUE(check(with_file("picture.png", {std::string("\0 ", 2)})).empty());
}

TEST(Sizes, LeavesLargeFilesToModelWeights) {
    EXPECT_TRUE(names(with_file("a.json", {"", false, 1'000'001}), "a.json", 1, "1000001 bytes"));
    EXPECT_TRUE(check(with_file("a.json", {"", false, 1'000'000})).empty());
    EXPECT_TRUE(check(with_file("pretrained/a.safetensors", {"", false, 9'000'000})).empty());
}

TEST(Executables, NamesAScriptThatCannotBeRun) {
    Tree tree = small_repository();
    tree.at("t2t").executable = false;
    EXPECT_TRUE(names(tree, "t2t", 1, "chmod +x t2t"));
    const std::string profile = "chapters/01_scale/profile.sh";
    EXPECT_TRUE(names(with(profile, "#!/usr/bin/env bash", "ncu"), profile, 1, "#!"));
}

TEST(FunctionsOf, ReadsDefinitionsAtNamespaceScope) {
    const auto functions = functions_of(R"(
#define BODY { \
    {
int table[] = {1, 2};
struct S { void member() {} };
void declared(int);
namespace a { namespace {
template <typename T, int n = f(1)>
__global__ void __launch_bounds__(128, 2) k_kernel(T* x) { if (x) { g('{'); } }
} std::vector<int> launch(int n) { return {n}; } }
static inline int local() { return 1'000; }
void after() {}
)");
    ASSERT_EQ(functions.size(), 4u);
    EXPECT_EQ(functions[0].name, "k_kernel");
    EXPECT_EQ(functions[0].line, 9u);
    EXPECT_TRUE(functions[0].is_kernel && functions[0].is_private);
    EXPECT_EQ(functions[1].name, "launch");
    EXPECT_FALSE(functions[1].is_kernel || functions[1].is_private);
    EXPECT_EQ(functions[2].name, "local");
    EXPECT_TRUE(functions[2].is_private);
    EXPECT_EQ(functions[3].name, "after");
}

}  // namespace
}  // namespace t2t::dev_check
