// Where machine code comes from, against __LINE__ at the place itself.
#include "common/cpu_device/observer/program/source_lines.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/program/elf_symbols.hpp"
#include "common/cpu_device/observer/program/inlined_frames.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/device/buffer.hpp"
#include "common/device/check.hpp"

namespace t2t::observer {
namespace {

const std::string this_file = "tests/cpu_device/observer/program/source_lines_test.cu";

/// A call in the source, and the address that it returns to.
struct Mark {
    std::uint64_t address = 0;
    int line = 0;
};
Mark marks[4];

/// Remembers where it is called from.
__attribute__((noinline)) __device__ void remember(int line, int which = 0) {
    marks[which] = {reinterpret_cast<std::uint64_t>(__builtin_return_address(0)), line};
}

SourceLine line_of(std::uint64_t address) {
    const std::uint64_t addresses[] = {address};
    return source_lines(addresses).at(0);
}

void expect_place(const Mark& mark, const std::string& function) {
    const SourceLine place = line_of(mark.address);
    EXPECT_EQ(place.file, this_file);
    EXPECT_EQ(place.line, mark.line);
    EXPECT_EQ(place.function, function);
}

/// Every address that a call in the function at `begin` could return to.
std::vector<std::uint64_t> addresses_in(std::uint64_t begin) {
    std::vector<std::uint64_t> addresses;
    for (const ElfSymbol& symbol : elf_symbols("/proc/self/exe")) {
        if (symbol.value + program_symbols().load_bias != begin) continue;
        for (std::uint64_t i = 1; i < symbol.bytes; ++i) addresses.push_back(begin + i);
    }
    return addresses;
}

void wait() {
    T2T_CHECK(cudaDeviceSynchronize());
}

// ---- functions ----------------------------------------------------------------------------------

__global__ void marking_kernel(int* out) {
    *out = 1;
    remember(__LINE__);
    *out = 2;
}

__forceinline__ __device__ void inlined_function(int* out) {
    *out = 3;
    remember(__LINE__);
    *out = 4;
}

__global__ void calling_kernel(int* out) {
    *out = 5;
    inlined_function(out);
    remember(__LINE__, 1);
    *out = 6;
}

template <typename T, int times>
__global__ void template_kernel(T* out) {
    for (int i = 0; i < times; ++i) *out += 1;
    remember(__LINE__);
    *out += 1;
}

__global__ void lambda_kernel(int* out) {
    const auto inlined = [&]() __attribute__((always_inline)) {
        remember(__LINE__, 0);
        *out = 1;
    };
    const auto called = [&]() __attribute__((noinline)) {
        remember(__LINE__, 1);
        *out = 2;
    };
    inlined();
    called();
}

namespace inner {
namespace {
__global__ void deep_kernel(int* out) {
    remember(__LINE__);
    *out = 1;
}
}  // namespace
}  // namespace inner

// Two kernels that do the same: the compiler must not make one of them.
__global__ void twin_kernel(int* out) {
    *out = 7;
    remember(0);
    *out = 8;
}

__global__ void other_twin_kernel(int* out) {
    *out = 7;
    remember(0);
    *out = 8;
}

/// Memory for the kernels to write to.
class SourceLines : public testing::Test {
 protected:
    SourceLines() { T2T_CHECK(cudaMalloc(&out_, sizeof(double))); }
    ~SourceLines() override { cudaFree(out_); }

    template <typename T = int>
    T* out() {
        return static_cast<T*>(out_);
    }

 private:
    void* out_ = nullptr;
};

TEST_F(SourceLines, ACallBelongsToItsOwnLineNotToTheNext) {
    marking_kernel<<<1, 1>>>(out());
    wait();
    expect_place(marks[0], "marking_kernel");
}

TEST_F(SourceLines, AnInlinedFunctionHasItsOwnLines) {
    calling_kernel<<<1, 1>>>(out());
    wait();
    expect_place(marks[0], "inlined_function");
    expect_place(marks[1], "calling_kernel");
}

/// Calls a function that the linker does not know, because it exists only here.
__attribute__((noinline)) void host_function(int* out) {
    inlined_function(out);
}

TEST_F(SourceLines, AnInlinedFunctionHasItsOwnName) {
    int out = 0;
    host_function(&out);
    expect_place(marks[0], "inlined_function");
}

TEST_F(SourceLines, InstancesOfATemplateShareLinesAndName) {
    template_kernel<float, 3><<<1, 1>>>(out<float>());
    wait();
    const Mark of_float = marks[0];
    template_kernel<double, 5><<<1, 1>>>(out<double>());
    wait();
    EXPECT_NE(of_float.address, marks[0].address);
    expect_place(of_float, "template_kernel");
    expect_place(marks[0], "template_kernel");
}

TEST_F(SourceLines, ALambdaBelongsToItsKernel) {
    lambda_kernel<<<1, 1>>>(out());
    wait();
    expect_place(marks[0], "lambda_kernel");
    expect_place(marks[1], "lambda_kernel");
}

TEST_F(SourceLines, NamespacesAreLeftOut) {
    inner::deep_kernel<<<1, 1>>>(out());
    wait();
    expect_place(marks[0], "deep_kernel");
}

TEST_F(SourceLines, TwinsHaveTheirOwnLines) {
    twin_kernel<<<1, 1>>>(out());
    wait();
    const SourceLine twin = line_of(marks[0].address);
    other_twin_kernel<<<1, 1>>>(out());
    wait();
    const SourceLine other = line_of(marks[0].address);
    EXPECT_EQ(twin.function, "twin_kernel");
    EXPECT_EQ(other.function, "other_twin_kernel");
    EXPECT_EQ(other.line, twin.line + 6);  // as they stand above
}

TEST_F(SourceLines, ManyAddressesAreAnsweredInTheirOrder) {
    calling_kernel<<<1, 1>>>(out());
    wait();
    std::vector<std::uint64_t> addresses;
    for (int i = 0; i < 500; ++i) addresses.push_back(marks[i % 2].address);
    const std::vector<SourceLine> lines = source_lines(addresses);
    ASSERT_EQ(lines.size(), 500u);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(lines[i].line, marks[i % 2].line);
    EXPECT_TRUE(source_lines({}).empty());
}

TEST_F(SourceLines, WhatIsNotOfTheProgramHasNone) {
    const auto in_library = reinterpret_cast<std::uint64_t>(&std::puts);
    for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{1}, in_library}) {
        EXPECT_EQ(line_of(address).file, "");
        EXPECT_EQ(line_of(address).line, 0);
    }
}

TEST_F(SourceLines, NothingIsMissingInACheckBuild) {
    EXPECT_EQ(why_no_source_lines(), "");
}

// ---- a function's own address -------------------------------------------------------------------

constexpr int definition_line = __LINE__ + 2;
template <int edge>
__global__ void __launch_bounds__(64) defined_kernel(const float* in,  // [edge, edge]
                                                     float* result,    // [edge, edge]
                                                     int rows) {
    for (int i = 0; i < rows * edge; ++i) result[i] = in[i];
}

TEST_F(SourceLines, AFunctionsOwnAddressIsItsDefinition) {
    const auto address = reinterpret_cast<std::uint64_t>(&defined_kernel<4>);
    const SourceLine place = line_of(address);
    EXPECT_EQ(place.file, this_file);
    EXPECT_EQ(place.line, definition_line);
    EXPECT_EQ(place.function, "defined_kernel");
    EXPECT_EQ(parameter_names(place), (std::vector<std::string>{"in", "result", "rows"}));
}

// ---- what the CPU device's headers do -----------------------------------------------------------

constexpr int serving_begin = __LINE__ + 1;
__global__ void serving_kernel(int* out) {
    const auto add = [&]() __attribute__((always_inline)) {
        atomicAdd(out, 1);
    };
    add();
    __syncthreads();
    *out += __shfl_sync(0xffffffffu, *out, 0);
}
constexpr int serving_end = __LINE__;

TEST_F(SourceLines, WhatTheCpuDevicesHeadersDoIsTheKernels) {
    const std::vector<std::uint64_t> addresses =
        addresses_in(reinterpret_cast<std::uint64_t>(&serving_kernel));
    std::vector<std::uint64_t> instructions;
    for (const std::uint64_t address : addresses) {
        instructions.push_back(address - 1 - program_symbols().load_bias);
    }
    std::set<std::string> innermost;
    for (const auto& frames : inlined_frames(instructions)) {
        innermost.insert(std::filesystem::path(frames.front().file).filename());
    }
    for (const std::string header : {"atomics.hpp", "warp.hpp"}) {
        EXPECT_TRUE(innermost.contains(header)) << header;
    }

    for (const SourceLine& place : source_lines(addresses)) {
        EXPECT_EQ(place.file, this_file);
        EXPECT_EQ(place.function, "serving_kernel");
        EXPECT_GE(place.line, serving_begin);
        EXPECT_LT(place.line, serving_end);
    }
}

// ---- whose memory it is -------------------------------------------------------------------------

__attribute__((noinline)) std::size_t allocating_function() {
    const DeviceBuffer<float> buffer(7);
    return buffer.bytes();
}

TEST_F(SourceLines, WhatABufferDoesIsItsUsers) {
    ASSERT_EQ(allocating_function(), 28u);
    const std::vector<std::uint64_t> addresses =
        addresses_in(reinterpret_cast<std::uint64_t>(&allocating_function));
    std::set<std::string> files;
    for (const SourceLine& place : source_lines(addresses)) files.insert(place.file);
    EXPECT_TRUE(files.contains(this_file));
}

}  // namespace
}  // namespace t2t::observer
