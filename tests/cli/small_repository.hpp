/// @file
/// A repository of one chapter in which `t2t dev check` finds nothing, and ways to plant a fault in it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "cli/dev_check/check.hpp"
#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

inline constexpr auto lesson = R"(# 01 · Scale
## Problem
![each value is doubled](../../docs/pictures/scale.svg)
## Predict
## The ladder
### v1_naive

| rung | ms | GB/s |
|---|---|---|
| v1_naive | 0.7 | 4200 |

*H200, 2^28 floats.*
## Try it
## Profile it
## Exercises
See [the ladder](#the-ladder) and [how to add a rung](../../README.md#add-a-rung).
## In the generator
## Go deeper
)";

inline constexpr auto header = R"(/// @file
/// Scaling.
#pragma once
#include "common/lab/ladder.hpp"

namespace t2t::scale {
struct Scale {
    float* x = nullptr;  ///< [n]
    std::int64_t n = 0;
    bool check() const { return n > 0; }
};
void v1_naive(const Scale& op, cudaStream_t stream);
void v2_wide(const Scale& op, cudaStream_t stream);
inline constexpr Ladder ladder{"scale", std::array{
    Rung<Scale>{"v1_naive", v1_naive, "one thread for each element"},
    Rung<Scale>{"v2_wide", v2_wide, "four elements for each thread; 1'000 of them"},
}};
}  // namespace t2t::scale
)";

inline constexpr auto naive_rung = R"(/// Rung 1: naive.
///
/// Idea      One thread for each element.
/// Changed   Against the loop on a CPU: no loop.
/// Expect    8 bytes per element.
/// Measured  H200, 2^28: 4,200 GB/s.
#include "chapters/01_scale/launch.hpp"
#include "chapters/01_scale/scale.cuh"

namespace t2t::scale {
namespace {

__global__ void __launch_bounds__(256) naive_kernel(float* x, std::int64_t n) {
    if (threadIdx.x < n) x[threadIdx.x] *= 2.0f;  // a { in a comment
}

}  // namespace

void v1_naive(const Scale& op, cudaStream_t stream) {
    if (!op.check()) return;
    naive_kernel<<<1, 256, 0, stream>>>(op.x, op.n);
}

}  // namespace t2t::scale
)";

inline constexpr auto wide_rung = R"(/// Rung 2: wide.
///
/// Idea      Four elements for each thread.
/// Changed   One access moves 16 bytes
///           where four moved 4 each.
/// Expect    The same bytes.
/// Measured  CPU device, counted:
///           8.00 sectors per request.
#include "chapters/01_scale/scale.cuh"

namespace t2t::scale {
namespace {

template <int width = (2 > 1 ? 4 : 2)>
__global__ void wide_kernel(float* x, std::int64_t n) {}

__global__ void wide_tail_kernel(float* x, std::int64_t n) {}

}  // namespace

void v2_wide(const Scale& op, cudaStream_t stream) {
    if (op.check()) wide_kernel<<<1, 32, 0, stream>>>(op.x, op.n);
}

}  // namespace t2t::scale
)";

/// The tree.
inline Tree small_repository() {
    return {
        {"README.md", {"# Scale\n\nThe [lesson](chapters/01_scale/README.md).\n\n## Add a rung\n"}},
        {"chapters/01_scale/README.md", {lesson}},
        {"chapters/01_scale/bench.cu", {"#include \"common/lab/ladder.hpp\"\n"}},
        {"chapters/01_scale/launch.hpp", {"#pragma once\n"}},
        {"chapters/01_scale/profile.sh", {"#!/usr/bin/env bash\n", true}},
        {"chapters/01_scale/scale.cuh", {header}},
        {"chapters/01_scale/v1_naive.cu", {naive_rung}},
        {"chapters/01_scale/v2_wide.cu", {wide_rung}},
        {"cli/main.cpp", {"#include \"model/table.hpp\"\n"}},
        {"common/lab/ladder.hpp", {"#pragma once\n#include <array>\n"}},
        {"docs/pictures/scale.svg", {"<svg/>\n"}},
        {"model/table.hpp", {"#include \"chapters/01_scale/scale.cuh\"\n"}},
        {"t2t", {"#!/usr/bin/env bash\n", true}},
        {"tests/chapters/scale_test.cpp", {"#include \"chapters/01_scale/scale.cuh\"\n"}},
    };
}

/// Findings as `t2t dev check` prints them.
inline std::string text_of(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        text += finding.path + ':' + std::to_string(finding.line) + ": " + finding.message + '\n';
    }
    return text;
}

/// The small repository with the first `old` in the file at `path` replaced.
inline Tree with(const std::string& path, std::string_view old, std::string_view replacement) {
    Tree tree = small_repository();
    std::string& text = tree.at(path).text;
    const std::size_t at = text.find(old);
    EXPECT_NE(at, std::string::npos) << "the test plants nothing: no '" << old << "' in " << path;
    text.replace(at, old.size(), replacement);
    return tree;
}

/// The small repository with one more file.
inline Tree with_file(const std::string& path, File file) {
    Tree tree = small_repository();
    tree[path] = std::move(file);
    return tree;
}

/// The small repository without one file.
inline Tree without(const std::string& path) {
    Tree tree = small_repository();
    EXPECT_EQ(tree.erase(path), 1u);
    return tree;
}

/// One finding in all: at `path`, on `line`, with `words` in its message.
inline testing::AssertionResult names(const Tree& tree, std::string_view path, std::size_t line,
                                      std::string_view words) {
    const Findings findings = check(tree);
    const bool right = findings.size() == 1 && findings[0].path == path &&
                       findings[0].line == line &&
                       findings[0].message.find(words) != std::string::npos;
    if (right) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "expected only " << path << ':' << line << ": …" << words << "…, found:\n"
           << text_of(findings);
}

}  // namespace t2t::dev_check
