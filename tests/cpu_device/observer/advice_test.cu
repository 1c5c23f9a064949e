// What a report advises, which of two faults it names first, and what it says about what is left.
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <string>

#include "common/device/check.hpp"
#include "common/process/child_process.hpp"
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"
#include "tests/cpu_device/observer/source.hpp"

namespace t2t::observer {
namespace {

bool says(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

/// The first fault of `work`, and that there is one.
Fault first_fault(void (*work)()) {
    const Report report = observe(work);
    EXPECT_FALSE(report.clean());
    return report.clean() ? Fault{} : report.faults.front();
}

__global__ void tree_on_one_line_kernel(const float* in, float* out) {
    __shared__ float sums[128];
    sums[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    for (unsigned width = 64; width > 0; width /= 2) {
        if (threadIdx.x < width) sums[threadIdx.x] += sums[threadIdx.x + width];
    }
    if (threadIdx.x == 0) *out = sums[0];
}

TEST(Advice, AMissingBarrierOnOneLineIsNoAtomic) {
    const Fault fault = first_fault([] {
        auto in = filled<float>(128);
        auto out = filled<float>(1);
        tree_on_one_line_kernel<<<1, 128>>>(in.data(), out.data());
    });
    EXPECT_EQ(fault.kind, FaultKind::shared_race);
    EXPECT_TRUE(says(fault.cause, "__syncthreads() is missing")) << fault.message();
    EXPECT_FALSE(says(fault.cause, "atomic")) << fault.message();
}

__global__ void neighbours_kernel(const int* in, int* out) {
    __shared__ int tile[64];
    tile[threadIdx.x] = in[threadIdx.x];
    out[threadIdx.x] = tile[(threadIdx.x + 1) % 64];
}

TEST(Advice, ASyncwarpIsNotEnoughForTwoWarps) {
    const auto launch = [](unsigned threads) {
        auto in = filled<int>(64);
        auto out = filled<int>(64);
        neighbours_kernel<<<1, threads>>>(in.data(), out.data());
    };
    const Fault two = observe([&] { launch(64); }).faults.front();
    EXPECT_TRUE(says(two.cause, "A __syncthreads() is missing")) << two.message();
    const Fault one = observe([&] { launch(32); }).faults.front();
    EXPECT_TRUE(says(one.cause, "a __syncwarp() is missing")) << one.message();
}

__global__ void count_in_block_scope_kernel(int* count) {
    atomicAdd_block(count, 1);
}

TEST(Advice, AnAtomicOfBlockScopeIsToBeWidened) {
    const Fault fault = first_fault([] {
        auto count = filled<int>(1);
        count_in_block_scope_kernel<<<2, 32>>>(count.data());
    });
    EXPECT_TRUE(says(fault.cause, "_block")) << fault.message();
}

__global__ void counter_kernel(int* count) {
    const int now = *count;
    *count = now + 1;
}

TEST(Advice, ACounterNeedsAnAtomic) {
    const Report report = observe([] {
        auto count = filled<int>(1);
        counter_kernel<<<1, 64>>>(count.data());
    });
    ASSERT_FALSE(report.clean());
    for (const Fault& fault : report.faults)
        EXPECT_TRUE(says(fault.cause, "use an atomic")) << fault.message();
}

__global__ void full_mask_in_a_branch_kernel(const float* in, float* out, int n) {
    float v = 0;
    if (int(threadIdx.x) < n) {
        v = in[threadIdx.x];
        v += __shfl_down_sync(0xffffffffu, v, 16);  // fault
    }
    __syncthreads();
    if (threadIdx.x == 0) *out = v;
}

TEST(Advice, AFullMaskInABranchIsAboutTheMask) {
    const Fault fault = first_fault([] {
        auto in = filled<float>(32);
        auto out = filled<float>(1);
        full_mask_in_a_branch_kernel<<<1, 32>>>(in.data(), out.data(), 20);
    });
    EXPECT_EQ(fault.where.line,
              *lines_with("// fault", "full_mask_in_a_branch_kernel", __FILE__).begin());
    EXPECT_TRUE(says(fault.cause, "mask")) << fault.message();
}

__global__ void barrier_in_a_branch_kernel(const float* in, float* out) {
    __shared__ float tile[64];
    if (threadIdx.x < 32) {
        tile[threadIdx.x] = in[threadIdx.x];
        __syncthreads();
    }
    out[threadIdx.x] = tile[63 - threadIdx.x];
}

TEST(Order, ADivergentBarrierComesBeforeWhatFollowsFromIt) {
    const Fault fault = first_fault([] {
        auto in = filled<float>(64);
        auto out = filled<float>(64);
        barrier_in_a_branch_kernel<<<1, 64>>>(in.data(), out.data());
    });
    EXPECT_EQ(fault.kind, FaultKind::divergent_barrier) << fault.message();
}

__global__ void two_mistakes_kernel(int* first, int* second) {
    if (blockIdx.x % 2 == 1) *second = blockIdx.x;  // fault
    *first = blockIdx.x;                            // fault
}

// Many blocks on several cores: whichever of them was first, the report is in the source's order.
TEST(Order, IsThatOfTheSource) {
    for (int run = 0; run < 5; ++run) {
        const Report report = observe([] {
            auto first = filled<int>(1);
            auto second = filled<int>(1);
            two_mistakes_kernel<<<64, 32>>>(first.data(), second.data());
        });
        EXPECT_TRUE(
            std::is_sorted(report.faults.begin(), report.faults.end(),
                           [](const Fault& a, const Fault& b) { return a.where < b.where; }))
            << report.faults_text();
    }
}

__global__ void wrapped_index_kernel(float* out, int n) {
    const int i = n * 65'536;          // 40,000 * 65,536 is more than 2³¹
    if (threadIdx.x == 3) out[i] = 1;  // fault
}

__global__ void below_zero_kernel(float* out, unsigned n) {
    out[threadIdx.x] = 0;
    if (threadIdx.x == 3) out[n - threadIdx.x] = 1;  // fault
}

TEST(Advice, AnIndexThatHasWrappedAroundIsNamed) {
    for (const auto launch : {+[] {
                                  auto out = filled<float>(64);
                                  wrapped_index_kernel<<<1, 32>>>(out.data(), 40'000);
                              },
                              +[] {
                                  auto out = filled<float>(64);
                                  below_zero_kernel<<<1, 32>>>(out.data(), 2);
                              }}) {
        const Fault fault = first_fault(launch);
        EXPECT_EQ(fault.kind, FaultKind::out_of_bounds);
        EXPECT_TRUE(says(fault.what, "`out`")) << fault.message();
        EXPECT_TRUE(says(fault.cause, "did not fit")) << fault.message();
    }
}

using Function = int (*)(int);

__global__ void null_function_kernel(const Function* functions, int* out) {
    const Function function = functions[threadIdx.x % 2];
    if (threadIdx.x == 7) out[0] = function(3);  // fault
}

TEST(Advice, ANullFunctionPointerStandsAtItsLine) {
    const Fault fault = first_fault([] {
        auto functions = filled<Function>(2, nullptr);
        auto out = filled<int>(1);
        null_function_kernel<<<1, 32>>>(functions.data(), out.data());
    });
    EXPECT_EQ(fault.kind, FaultKind::trap);
    EXPECT_EQ(fault.thread.thread.x, 7u);
    EXPECT_EQ(fault.where.line, *lines_with("// fault", "null_function_kernel", __FILE__).begin())
        << fault.message();
    EXPECT_TRUE(says(fault.what, "function pointer is null")) << fault.message();
}

__global__ void waits_in_vain_kernel(int* flag, int* out) {
    while (atomicAdd(flag, 0) == 0) {  // fault
    }
    *out = 1;
}

__global__ void volatile_wait_in_vain_kernel(const volatile int* flag, int* out) {
    out[threadIdx.x % 2] = threadIdx.x;
    while (*flag == 0) {
    }
    *out = 1;
}

// In a process of its own, which has a limit of its own.
TEST(Timeout, DISABLED_LoopInVain) {
    const Report report = observe([] {
        auto flag = filled<int>(1);
        auto out = filled<int>(2);
        waits_in_vain_kernel<<<1, 64>>>(flag.data(), out.data());
    });
    ASSERT_EQ(report.faults.size(), 1u) << report.faults_text();
    EXPECT_EQ(report.faults[0].kind, FaultKind::trap);
    EXPECT_TRUE(says(report.faults[0].what, "T2T_TIMEOUT")) << report.faults_text();
    EXPECT_EQ(report.faults[0].kernel, "waits_in_vain_kernel");
    EXPECT_NE(report.faults[0].where.line, 0);
    const Report second = observe([] {
        auto flag = filled<int>(1);
        auto out = filled<int>(2);
        volatile_wait_in_vain_kernel<<<1, 64>>>(flag.data(), out.data());
    });
    EXPECT_TRUE(says(second.faults_text(), "T2T_TIMEOUT")) << second.faults_text();
}

TEST(Timeout, EndsALoopThatWaitsInVain) {
    const std::string command =
        "T2T_TIMEOUT=2 timeout 60 /proc/" + std::to_string(getpid()) +
        "/exe --gtest_also_run_disabled_tests --gtest_filter=Timeout.DISABLED_LoopInVain";
    EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(LiveAllocations, AreListedByLine) {
    const auto count = [] {
        std::size_t bytes = 0;
        for (const LiveAllocations& there : live_allocations()) {
            if (there.allocated.file == __FILE__) bytes += there.bytes;
        }
        return bytes;
    };
    const std::size_t before = count();
    char* leak = nullptr;
    T2T_CHECK(cudaMalloc(&leak, 1234));
    EXPECT_EQ(count(), before + 1234);
    T2T_CHECK(cudaFree(leak));
    EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace t2t::observer
