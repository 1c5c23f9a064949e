/// @file
/// The benchmark harness on a device: a ladder with a right rung, wrong ones, and one for a later GPU.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "common/device/check.hpp"
#include "common/device/stream.hpp"
#include "common/lab/bench/timed_runs.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/roofs.hpp"

namespace t2t::lab {
namespace {

using Twice = void(const float* in, float* out, int n, cudaStream_t stream);

/// Leaves the last `missing` elements unwritten.
__global__ void twice_kernel(const float* in, float* out, int n, int missing) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n - missing) out[i] = 2.0f * in[i];
}

void right(const float* in, float* out, int n, cudaStream_t stream) {
    twice_kernel<<<n / 128 + 1, 128, 0, stream>>>(in, out, n, 0);
}

void no_tail(const float* in, float* out, int n, cudaStream_t stream) {
    twice_kernel<<<n / 128 + 1, 128, 0, stream>>>(in, out, n, 1);
}

/// Right when it runs first, wrong ever after.
void wears_out(const float* in, float* out, int n, cudaStream_t stream) {
    static int runs = 0;
    twice_kernel<<<n / 128 + 1, 128, 0, stream>>>(in, out, n, runs++ == 0 ? 0 : 1);
}

void not_here(const float*, float*, int, cudaStream_t) {
    FAIL() << "a rung ran on a device that it says it cannot run on";
}

constexpr Ladder ladder{
    "twice", std::array{Rung<Twice>{"v1_right", right, "one thread an element"},
                        Rung<Twice>{"v2_no_tail", no_tail, "forgets the last element"},
                        Rung<Twice>{"v3_wears_out", wears_out, "wrong from the second run on"},
                        Rung<Twice>{"v4_not_here", not_here, "needs a GPU to come", Needs{990}}}};

struct Operands {
    std::vector<float> in;
    DeviceBuffer<float> in_device;
    DeviceBuffer<float> out_device;
};

BenchCase twice_case() {
    constexpr int n = 1000;
    Bench bench;
    bench.add(ladder,
              LadderCase<Twice, Operands>{
                  .shape = shape_label({n}),
                  .bytes = 2.0 * n * sizeof(float),
                  .flops = n,
                  .make =
                      [](std::uint64_t seed) {
                          std::vector<float> in(n);
                          for (int i = 0; i < n; ++i) in[i] = static_cast<float>(seed * 1000 + i);
                          return Operands{in, DeviceBuffer<float>(in), DeviceBuffer<float>(n)};
                      },
                  .run =
                      [](Twice* rung, Operands& o, cudaStream_t stream) {
                          rung(o.in_device.data(), o.out_device.data(), n, stream);
                      },
                  .output = [](Operands& o) { return bytes_of(o.out_device); },
                  .fault =
                      [](const Operands& o) {
                          return first_fault(o.out_device, [&](auto i) { return 2.0 * o.in[i]; });
                      },
                  .library_name = "library",
                  .library =
                      [](Operands& o, cudaStream_t stream) {
                          right(o.in_device.data(), o.out_device.data(), n, stream);
                      },
              });
    return bench.cases().front();
}

class BenchOnDevice : public testing::Test {
 protected:
    void SetUp() override {
        if (!has_device()) GTEST_SKIP() << "there is no GPU here";
    }
};

TEST_F(BenchOnDevice, TimesWhatIsRightAndNamesWhatIsWrong) {
    const CaseResult result =
        measure(twice_case(), BenchOptions{.repetitions = 4}, device_properties());
    ASSERT_EQ(result.rows.size(), 6u);
    for (const std::size_t row : {0, 4, 5}) {
        EXPECT_EQ(result.rows[row].fault, "") << result.rows[row].name;
        EXPECT_EQ(result.rows[row].milliseconds.size(), 4u) << result.rows[row].name;
        for (const double time : result.rows[row].milliseconds) EXPECT_GT(time, 0);
    }
    EXPECT_EQ(result.rows[4].kind, RowKind::library);
    EXPECT_EQ(result.rows[5].kind, RowKind::copy);

    EXPECT_NE(result.rows[1].fault.find("element 999 is NaN, as if never written, expected 3998"),
              std::string::npos)
        << result.rows[1].fault;
    EXPECT_TRUE(result.rows[1].milliseconds.empty()) << "a wrong rung is not worth timing";
    EXPECT_NE(result.rows[2].fault, "") << "the check after timing must see it";
    EXPECT_FALSE(result.rows[2].milliseconds.empty());
    EXPECT_NE(result.rows[3].skipped.find("needs compute capability 99.0"), std::string::npos);
    EXPECT_TRUE(result.any_wrong());
}

TEST_F(BenchOnDevice, OneRungAloneKeepsTheLibraryBesideIt) {
    const CaseResult result = measure(
        twice_case(), BenchOptions{.repetitions = 2, .only_rung = "v1_right"}, device_properties());
    ASSERT_EQ(result.rows.size(), 3u);
    EXPECT_EQ(result.rows[0].name, "v1_right");
    EXPECT_EQ(result.rows[1].name, "library");
    EXPECT_FALSE(result.any_wrong());
}

__global__ void count_kernel(int* counter) {
    *counter += 1;
}

TEST_F(BenchOnDevice, ABatchRotatesOverTheOperandSets) {
    for (const Queueing queueing : {Queueing::graph, Queueing::one_by_one}) {
        DeviceBuffer<int> counters(std::vector<int>{0, 0, 0});
        const Stream stream;
        TimedRuns batch([&](std::size_t set,
                        cudaStream_t on) { count_kernel<<<1, 1, 0, on>>>(counters.data() + set); },
                    6, 3, stream.get(), queueing);
        stream.synchronize();
        EXPECT_EQ(counters.download(), (std::vector<int>{0, 0, 0}))
            << "nothing runs before queue()";
        batch.queue();
        stream.synchronize();
        EXPECT_EQ(counters.download(), (std::vector<int>{2, 2, 2}));
    }
}

TEST_F(BenchOnDevice, ABatchThatFailsToRecordLeavesTheStreamUsable) {
    const Stream stream;
    const auto refuse = [](std::size_t, cudaStream_t) { throw std::invalid_argument("refused"); };
    EXPECT_THROW(TimedRuns(refuse, 1, 1, stream.get(), Queueing::graph), std::invalid_argument);
    DeviceBuffer<int> counter(std::vector<int>{0});
    count_kernel<<<1, 1, 0, stream.get()>>>(counter.data());
    stream.synchronize();
    EXPECT_EQ(counter.download().front(), 1);
}

TEST_F(BenchOnDevice, RoofsArePositiveAndDated) {
    const Roofs roofs = measure_roofs(device_properties());
    EXPECT_EQ(roofs.device, device_properties().name);
    EXPECT_EQ(roofs.date.size(), 20u) << roofs.date;
    EXPECT_GT(roofs.copy_gb_s, 0.01);
    EXPECT_GT(roofs.fp32_tflop_s, 1e-6);
}

}  // namespace
}  // namespace t2t::lab
