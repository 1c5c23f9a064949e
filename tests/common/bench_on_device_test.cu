/// @file
/// The benchmark harness on a device: a ladder with a right rung, wrong ones, and one for a later GPU.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/device/check.hpp"
#include "common/device/stream.hpp"
#include "common/device/workspace.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/roofs.hpp"
#include "common/lab/bench/timed_runs.hpp"

namespace t2t::lab {
namespace {

/// out[i] = 2 in[i].
struct Twice {
    const float* in = nullptr;  ///< [n]
    float* out = nullptr;       ///< [n]
    int n = 0;
    std::span<std::byte> workspace = {};

    bool check() const { return n > 0; }
    Work work() const { return {2.0 * n * sizeof(float), static_cast<double>(n)}; }
    std::vector<std::int64_t> sizes() const { return {n}; }
};

/// Leaves the last `missing` elements unwritten.
__global__ void twice_kernel(const float* in, float* out, int n, int missing) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n - missing) out[i] = 2.0f * in[i];
}

void queue_twice(const Twice& op, int missing, cudaStream_t stream) {
    if (!op.check()) return;
    twice_kernel<<<op.n / 128 + 1, 128, 0, stream>>>(op.in, op.out, op.n, missing);
}

void right(const Twice& op, cudaStream_t stream) {
    queue_twice(op, 0, stream);
}

void no_tail(const Twice& op, cudaStream_t stream) {
    queue_twice(op, 1, stream);
}

/// Right when it runs first, wrong ever after.
void wears_out(const Twice& op, cudaStream_t stream) {
    static int runs = 0;
    queue_twice(op, runs++ == 0 ? 0 : 1, stream);
}

void not_here(const Twice&, cudaStream_t) {
    FAIL() << "a rung ran on a device that it says it cannot run on";
}

void not_this(const Twice&, cudaStream_t) {
    FAIL() << "a rung ran on an operation that it says it does not take";
}

/// By way of its workspace.
void by_workspace(const Twice& op, cudaStream_t stream) {
    auto* const twice = Workspace("twice v6_by_workspace", op.workspace).take<float>(op.n);
    twice_kernel<<<op.n / 128 + 1, 128, 0, stream>>>(op.in, twice, op.n, 0);
    T2T_CHECK(cudaMemcpyAsync(op.out, twice, op.n * sizeof(float), cudaMemcpyDefault, stream));
}

/// No graph can record it.
void waits(const Twice& op, cudaStream_t stream) {
    queue_twice(op, 0, stream);
    T2T_CHECK(cudaStreamSynchronize(stream));
}

constexpr Ladder ladder{
    "twice",
    std::array{
        Rung<Twice>{"v1_right", right, "one thread per element"},
        Rung<Twice>{"v2_no_tail", no_tail, "forgets the last element"},
        Rung<Twice>{"v3_wears_out", wears_out, "wrong from the second run on"},
        Rung<Twice>{"v4_not_here", not_here, "needs a GPU to come", Needs{990}},
        Rung<Twice>{"v5_not_this", not_this, "for many elements", Needs{},
                    Takes<Twice>{"n from 2000 on", [](const Twice& op) { return op.n >= 2000; }}},
        Rung<Twice>{.name = "v6_by_workspace",
                    .run = by_workspace,
                    .idea = "makes a detour",
                    .workspace = [](const Twice& op) { return workspace_bytes<float>(op.n); }},
    }};

constexpr Ladder waiting_ladder{
    "twice", std::array{Rung<Twice>{"v1_waits", waits, "waits until the device is done"}}};

struct Operands {
    std::vector<float> in;
    DeviceBuffer<float> in_device;
    DeviceBuffer<float> out_device;
};

LadderCase<Twice, Operands> twice_case() {
    constexpr int n = 1000;
    const auto op = [](Operands& o) { return Twice{o.in_device.data(), o.out_device.data(), n}; };
    LadderCase<Twice, Operands> c;
    c.shape = shape_label({n});
    c.work = Twice{.n = n}.work();
    c.make = [](std::uint64_t seed) {
        std::vector<float> in(n);
        for (int i = 0; i < n; ++i) in[i] = static_cast<float>(seed * 1000 + i);
        return Operands{in, DeviceBuffer<float>(in), DeviceBuffer<float>(n)};
    };
    c.op = op;
    c.output = [](Operands& o) { return bytes_of(o.out_device); };
    c.fault = [](const Operands& o) {
        return first_fault(o.out_device, [&](auto i) { return 2.0 * o.in[i]; });
    };
    c.library_name = "library";
    c.library = [op](Operands& o, cudaStream_t stream) { right(op(o), stream); };
    return c;
}

BenchCase case_of(const auto& rungs, LadderCase<Twice, Operands> ladder_case) {
    Bench bench;
    bench.add(rungs, std::move(ladder_case));
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
        measure(case_of(ladder, twice_case()), BenchOptions{.repetitions = 4}, device_properties());
    ASSERT_EQ(result.rows.size(), 8u);
    for (const std::size_t row : {0, 5, 6, 7}) {
        EXPECT_EQ(result.rows[row].fault, "") << result.rows[row].name;
        EXPECT_EQ(result.rows[row].milliseconds.size(), 4u) << result.rows[row].name;
        for (const double time : result.rows[row].milliseconds) EXPECT_GT(time, 0);
    }
    EXPECT_EQ(result.rows[6].kind, RowKind::library);
    EXPECT_EQ(result.rows[7].kind, RowKind::copy);

    EXPECT_NE(result.rows[1].fault.find("element 999 is NaN, as if never written, expected 3998"),
              std::string::npos)
        << result.rows[1].fault;
    EXPECT_TRUE(result.rows[1].milliseconds.empty()) << "a wrong rung is not worth timing";
    EXPECT_NE(result.rows[2].fault, "") << "the check after timing must see it";
    EXPECT_FALSE(result.rows[2].milliseconds.empty());
    EXPECT_NE(result.rows[3].skipped.find("needs compute capability 99.0"), std::string::npos);
    EXPECT_EQ(result.rows[4].skipped, "takes n from 2000 on, and this is 1000");
    EXPECT_TRUE(result.any_wrong());
}

TEST_F(BenchOnDevice, OneRungAloneKeepsTheLibraryBesideIt) {
    for (const char* word : {"v1_right", "v1"}) {
        const CaseResult result =
            measure(case_of(ladder, twice_case()),
                    BenchOptions{.repetitions = 2, .only_rung = word}, device_properties());
        ASSERT_EQ(result.rows.size(), 3u) << word;
        EXPECT_EQ(result.rows[0].name, "v1_right");
        EXPECT_EQ(result.rows[1].name, "library");
        EXPECT_FALSE(result.any_wrong());
    }
}

TEST_F(BenchOnDevice, TimesARungThatWaitsForTheDevice) {
    LadderCase<Twice, Operands> c = twice_case();
    c.waits_for_the_device = true;
    const CaseResult result =
        measure(case_of(waiting_ladder, c), BenchOptions{.repetitions = 3}, device_properties());
    ASSERT_EQ(result.rows.size(), 3u);
    for (const RowResult& row : result.rows) {
        EXPECT_EQ(row.fault, "") << row.name;
        EXPECT_EQ(row.milliseconds.size(), 3u) << row.name;
        for (const double time : row.milliseconds) EXPECT_GT(time, 0) << row.name;
    }
}

TEST_F(BenchOnDevice, ARungThatWaitsMustSaySo) {
    EXPECT_THROW(measure(case_of(waiting_ladder, twice_case()), BenchOptions{.repetitions = 1},
                         device_properties()),
                 CudaError);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "the next launch would report it";
}

__global__ void count_kernel(int* counter) {
    *counter += 1;
}

TEST_F(BenchOnDevice, ABatchRotatesOverTheOperandSets) {
    for (const Queueing queueing : {Queueing::graph, Queueing::one_by_one}) {
        DeviceBuffer<int> counters(std::vector<int>{0, 0, 0});
        const Stream stream;
        TimedRuns batch(
            [&](std::size_t set, cudaStream_t on) {
                count_kernel<<<1, 1, 0, on>>>(counters.data() + set);
            },
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
