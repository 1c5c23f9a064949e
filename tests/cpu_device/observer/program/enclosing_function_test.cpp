// The function around a line of source, against what a person reads there.
#include "common/cpu_device/observer/program/enclosing_function.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace t2t::observer {
namespace {

/// A source, and for each of its lines the function that it belongs to.
struct Line {
    std::string text;
    std::string function;
};

void expect_functions(const std::vector<Line>& lines) {
    const std::string file = testing::TempDir() + "t2t_enclosing_function_test.cu";
    std::ofstream source(file);
    for (const Line& line : lines) source << line.text << '\n';
    source.close();
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(enclosing_function(file, static_cast<int>(i + 1)), lines[i].function)
            << i + 1 << ": " << lines[i].text;
    }
    std::filesystem::remove(file);
}

TEST(EnclosingFunction, OfKernels) {
    expect_functions({
        {"namespace t2t { namespace {", ""},
        {"constexpr int sizes[] = {1, 2};", ""},
        {"template <typename T>", ""},
        {"__global__ void __launch_bounds__(64)", ""},
        {"    copy_kernel(const T* in,  // {", "copy_kernel"},
        {"                T* out) {", "copy_kernel"},
        {"    for (int i = 0; i < 4; ++i) {", "copy_kernel"},
        {"        if (in[i] < 2) { out[i] = '}'; }", "copy_kernel"},
        {"    }", "copy_kernel"},
        {"    const auto load = [&](int row) {", "copy_kernel"},
        {"        return in[row];", "copy_kernel"},
        {"    };", "copy_kernel"},
        {"}", "copy_kernel"},
        {"", ""},
        {"__device__ float twice(float x) { return 2 * x; }", "twice"},
        {"}}  // namespaces", ""},
    });
}

TEST(EnclosingFunction, OfClasses) {
    expect_functions({
        {"struct Add {", ""},
        {"    Add(int a, int b) : a_(a), b_(b) {", ""},  // a member's name would be wrong
        {"    }", ""},
        {"    int sum() const noexcept {", "sum"},
        {"        return a_ + b_;", "sum"},
        {"    }", "sum"},
        {"    int operator()(int x) {", ""},  // has no name to give
        {"        if (x > 0) {", ""},
        {"            return x;", ""},
        {"        }", ""},
        {"    }", ""},
        {"    int a_, b_;", ""},
        {"};", ""},
        {"int Sub::difference() { return 1; }", "difference"},
    });
}

TEST(EnclosingFunction, WhatIsNoSourceHasNone) {
    expect_functions({{") {", ""}});
    expect_functions({{"{", ""}, {"void f() {", ""}, {"(", ""}});
    EXPECT_EQ(enclosing_function("no/such/file.cu", 1), "");
    EXPECT_EQ(enclosing_function("", 1), "");
}

}  // namespace
}  // namespace t2t::observer
