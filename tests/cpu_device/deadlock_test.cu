// Kernels in which threads wait for ever: a GPU hangs; the CPU device says who waits where.
#include <string>

#include "tests/cpu_device/faults.hpp"

namespace t2t::conformance {
namespace {

#define SKIP_ON_GPU() \
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU would hang here"

constexpr int barrier_line = __LINE__ + 3;
__global__ void half_at_the_barrier_kernel() {
    if (threadIdx.x < 16) {
        __syncthreads();
    } else {
        __syncwarp();
    }
}

TEST(DeadlockDeathTest, NamesTheBarrierAndTheThreadsThatWaitElsewhere) {
    SKIP_ON_GPU();
    std::string pattern =
        "half_at_the_barrier_kernel, block \\(0, 0, 0\\).*deadlock: " +
        std::string("threads 0 to 15 wait in __syncthreads at .*deadlock_test.cu:") +
        std::to_string(barrier_line) +
        "; threads 16 to 31 wait in __syncwarp with mask 0xffffffff at "
        ".*deadlock_test.cu:" +
        std::to_string(barrier_line + 2);
    expect_fault(cudaErrorLaunchTimeout, pattern.c_str(),
                 [] { half_at_the_barrier_kernel<<<1, 32>>>(); });
}

__global__ void one_block_hangs_kernel(int* out) {
    if (blockIdx.x == 2 && threadIdx.x == 0) {
        __syncwarp(0x3);
    } else {
        __syncthreads();
    }
    if (out != nullptr) out[0] = 1;
}

TEST(DeadlockDeathTest, NamesTheBlock) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchTimeout,
                 "block \\(2, 0, 0\\): deadlock: thread 0 waits in __syncwarp",
                 [] { one_block_hangs_kernel<<<4, 32>>>(nullptr); });
}

__global__ void different_masks_kernel(int* out) {
    unsigned lane = threadIdx.x;
    if (lane == 0) out[0] = __shfl_sync(0x3, 1, 1);
    if (lane == 1) out[1] = __shfl_sync(0x7, 2, 0);
}

TEST(DeadlockDeathTest, NamesMasksThatDoNotMatch) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchTimeout,
                 "thread 0 waits in __shfl_sync with mask 0x00000003 .*"
                 "thread 1 waits in __shfl_sync with mask 0x00000007 .*30 threads have exited",
                 [] { different_masks_kernel<<<1, 32>>>(nullptr); });
}

__global__ void lane_waits_elsewhere_kernel(unsigned* out) {
    if (threadIdx.x % 32 == 4) {
        out[0] = __ballot_sync(0x30, 1);
    } else {
        __syncthreads();
    }
}

TEST(DeadlockDeathTest, NamesTheLaneThatWaitsForOneAtTheBarrier) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchTimeout,
                 "threads 0 to 3 wait in __syncthreads .*thread 4 waits in __ballot_sync with mask "
                 "0x00000030 .*threads 5 to 35 wait in __syncthreads ",
                 [] { lane_waits_elsewhere_kernel<<<1, 64>>>(nullptr); });
}

__global__ void not_in_the_mask_kernel(int* out) {
    int value = threadIdx.x < 8 ? __shfl_xor_sync(0x0000000f, threadIdx.x, 1) : 0;
    if (out != nullptr) out[threadIdx.x] = value;
}

TEST(DeadlockDeathTest, NamesALaneThatItsOwnMaskLeavesOut) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchFailure, "mask 0x0000000f, which leaves out lane [4-7]",
                 [] { not_in_the_mask_kernel<<<1, 32>>>(nullptr); });
}

__global__ void atomic_spin_kernel(int* flag) {
    while (atomicAdd(flag, 0) == 0) {
    }
}

__global__ void plain_spin_kernel(volatile int* flag) {
    while (*flag == 0) {
    }
}

template <auto kernel>
void wait_for_a_flag_that_nobody_sets() {
    setenv("T2T_TIMEOUT", "1", 1);  // seconds
    int* flag = nullptr;
    T2T_CHECK(cudaMalloc(&flag, sizeof(int)));
    T2T_CHECK(cudaMemset(flag, 0, sizeof(int)));
    kernel<<<1, 32>>>(flag);
}

TEST(DeadlockDeathTest, ASpinOverAnAtomicEnds) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchTimeout, "kernel.*block \\(0, 0, 0\\), thread",
                 wait_for_a_flag_that_nobody_sets<atomic_spin_kernel>);
}

TEST(DeadlockDeathTest, ASpinOverPlainMemoryEnds) {
    SKIP_ON_GPU();
    expect_fault(cudaErrorLaunchTimeout, "kernel.*block \\(0, 0, 0\\), thread",
                 wait_for_a_flag_that_nobody_sets<plain_spin_kernel>);
}

// Exits with 0 when the device works again after cudaDeviceReset().
[[noreturn]] void reset_after_a_deadlock() {
    half_at_the_barrier_kernel<<<1, 32>>>();
    if (cudaDeviceSynchronize() != cudaErrorLaunchTimeout) std::_Exit(1);
    if (cudaDeviceReset() != cudaSuccess) std::_Exit(2);
    auto value = collect<int>(1, [](int* out) { one_block_hangs_kernel<<<2, 32>>>(out); });
    std::_Exit(value[0] == 1 ? 0 : 3);
}

TEST(DeadlockDeathTest, LeavesADeviceThatAResetMakesUsable) {
    SKIP_ON_GPU();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(reset_after_a_deadlock(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace t2t::conformance
