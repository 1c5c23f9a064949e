// `t2t check` on rungs with each kind of end: right, wrong, with a fault, with a trap, and not run at all.
//
// They are registered as the benchmark of chapter 01, which this program does not hold.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/check/command.hpp"
#include "cli/program.hpp"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "tests/cli/check_reports.hpp"

namespace t2t::rung_check::tests {
namespace {

constexpr int n = 64;  // one block of two warps

/// out[i] = i.
struct Fill {
    float* out = nullptr;                 ///< [64]
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    bool check() const { return true; }
    Work work() const { return {n * sizeof(float), 0}; }
    std::vector<std::int64_t> sizes() const { return {n}; }
};

__global__ void right_kernel(float* out) {
    out[threadIdx.x] = float(threadIdx.x);
}

__global__ void wrong_kernel(float* out) {
    out[threadIdx.x] = 0;
}

// Right on the CPU device, where threads run in order; on a GPU thread 0 may come first.
__global__ void racing_kernel(float* out) {
    __shared__ float values[n];
    values[threadIdx.x] = float(threadIdx.x);
    out[threadIdx.x] = values[threadIdx.x];
    if (threadIdx.x == n - 1) out[0] = values[0];  // no barrier since thread 0 wrote it
}

__global__ void trapping_kernel(float* out) {
    out[threadIdx.x] = float(threadIdx.x);
    __trap();
}

void v1_right(const Fill& op, cudaStream_t stream) {
    right_kernel<<<1, n, 0, stream>>>(op.out);
}
void v2_wrong(const Fill& op, cudaStream_t stream) {
    wrong_kernel<<<1, n, 0, stream>>>(op.out);
}
void v3_racing(const Fill& op, cudaStream_t stream) {
    racing_kernel<<<1, n, 0, stream>>>(op.out);
}
void v4_trapping(const Fill& op, cudaStream_t stream) {
    trapping_kernel<<<1, n, 0, stream>>>(op.out);
}
void v5_hopper(const Fill&, cudaStream_t) {
    FAIL() << "this device has no compute capability 9.0";
}

constexpr Ladder ladder{"fill",
                        std::array{
                            Rung<Fill>{"v1_right", v1_right, "in order"},
                            Rung<Fill>{"v2_wrong", v2_wrong, "zeros"},
                            Rung<Fill>{"v3_racing", v3_racing, "no barrier"},
                            Rung<Fill>{"v4_trapping", v4_trapping, "gives up"},
                            Rung<Fill>{"v5_hopper", v5_hopper, "needs a Hopper GPU", Needs{90}},
                        }};

void describe(lab::Bench& bench) {
    lab::LadderCase<Fill, DeviceBuffer<float>> c;
    c.shape = "64";
    c.make = [](std::uint64_t) { return DeviceBuffer<float>(n); };
    c.work = Fill{}.work();
    c.op = [](DeviceBuffer<float>& out) { return Fill{out.data()}; };
    c.output = [](DeviceBuffer<float>& out) { return lab::bytes_of(out); };
    c.fault = [](const DeviceBuffer<float>& out) {
        return lab::first_fault(out, [](std::size_t i) { return double(i); });
    };
    bench.add(ladder, c);
}

const lab::BenchChapter registration{1, describe};

struct Ended {
    int code;
    std::string output, errors;
};

/// Runs `t2t check 01 words…`.
Ended check(std::vector<std::string> words) {
    words.insert(words.begin(), {"t2t", "check", "01"});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = cli::run_program(add_check_command, int(arguments.size()), arguments.data());
    const std::string output = ::testing::internal::GetCapturedStdout();
    return {code, output, ::testing::internal::GetCapturedStderr()};
}

TEST(CheckCommand, RightRungEndsWithZero) {
    const Ended end = check({"v1"});
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_TRUE(contains(end.output,
                         "fill · v1_right · 64 · right_kernel<<<1, 64>>>\nno faults; "
                         "the result is right\n"))
        << end.output;
    EXPECT_TRUE(contains(end.output, "global store         2  4.00 sectors       100 %"))
        << end.output;
}

TEST(CheckCommand, WrongResultEndsWithOne) {
    const Ended end = check({"v2"});
    EXPECT_EQ(end.code, 1);
    EXPECT_TRUE(contains(end.output, "WRONG: element 1 ")) << end.output;
    EXPECT_TRUE(end.output.ends_with("1 rung, 1 run: no faults, 1 wrong result\n")) << end.output;
}

TEST(CheckCommand, FaultEndsWithOne) {
    const Ended end = check({"v3_racing"});
    EXPECT_EQ(end.code, 1);
    EXPECT_TRUE(contains(end.output, "shared_race in racing_kernel at tests/cli/")) << end.output;
    EXPECT_TRUE(contains(end.output, "the result is right")) << end.output;
}

TEST(CheckCommand, TrapEndsWithOneAndTheNextRungRuns) {
    const Ended end = check({"--json", "-"});
    EXPECT_EQ(end.code, 1);
    const auto rungs = nlohmann::json::parse(end.output)["rungs"];
    ASSERT_EQ(rungs.size(), 5u);
    EXPECT_EQ(rungs[0]["right"], true);
    EXPECT_EQ(rungs[1]["right"], false);
    EXPECT_EQ(rungs[2]["right"], true);
    EXPECT_EQ(rungs[3]["right"], false);
    ASSERT_EQ(rungs[3]["faults"].size(), 1u);
    EXPECT_EQ(rungs[3]["faults"][0]["kind"], "trap");
    EXPECT_TRUE(contains(rungs[4]["skipped"], "needs compute capability 9.0"));
    EXPECT_TRUE(contains(end.errors, "t2t: 5 rungs, 4 runs (1 not run): ")) << end.errors;
    EXPECT_EQ(check({"v1"}).code, 0);
}

TEST(CheckCommand, RungThatCannotRunIsRefusedOnlyWhenAskedFor) {
    const Ended end = check({"v5"});
    EXPECT_EQ(end.code, 1);
    EXPECT_TRUE(end.errors.starts_with("t2t: v5_hopper needs compute capability 9.0; "))
        << end.errors;
    EXPECT_TRUE(contains(check({}).output, "fill · v5_hopper · 64\nnot run: needs compute"));
}

TEST(CheckCommand, WritesNothingWhenWordsAreWrong) {
    const SampleRoot folder;
    const std::string json = (folder.path() / "x.json").string();
    EXPECT_EQ(check({"v9", "--json", json}).code, 2);
    EXPECT_FALSE(std::filesystem::exists(json));
    EXPECT_EQ(check({"v1", "--json", json}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(json));
}

}  // namespace
}  // namespace t2t::rung_check::tests
