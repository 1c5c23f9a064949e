// Sticky errors: a kernel that touches memory it has no right to, asserts, or traps.
#include <cassert>

#include "tests/cpu_device/faults.hpp"

namespace t2t::conformance {
namespace {

__global__ void write_kernel(int* address, unsigned thread) {
    if (blockIdx.x == 1 && threadIdx.x == thread) address[thread] = 1;
}

__global__ void assert_kernel(unsigned bad) {
    assert(blockIdx.x * blockDim.x + threadIdx.x != bad);
}

__global__ void trap_kernel(unsigned thread) {
    if (threadIdx.x == thread) __trap();
}

__global__ void harmless_kernel(int* out) {
    out[threadIdx.x] = 1;
}

#define SKIP_WHEN_SANITIZED() \
    if (sanitized()) GTEST_SKIP() << "AddressSanitizer or UBSan reports it first"

TEST(FaultsDeathTest, WritingThroughNullIsAnIllegalAddress) {
    SKIP_WHEN_SANITIZED();
    expect_fault(cudaErrorIllegalAddress, "an illegal memory access was encountered",
                 [] { write_kernel<<<2, 32>>>(nullptr, 0); });
}

TEST(FaultsDeathTest, WritingFarBeyondAnAllocationIsAnIllegalAddress) {
    SKIP_WHEN_SANITIZED();
    expect_fault(cudaErrorIllegalAddress, "an illegal memory access was encountered", [] {
        int* values = nullptr;
        T2T_CHECK(cudaMalloc(&values, 1024));
        write_kernel<<<2, 32>>>(values + (std::ptrdiff_t{1} << 44), 0);
    });
}

__global__ void vector_read_kernel(const float* values, float4* out) {
    out[threadIdx.x] = *reinterpret_cast<const float4*>(values + 4 * threadIdx.x);
}

TEST(FaultsDeathTest, AMisalignedVectorAccessIsSaidToBeOne) {
    SKIP_WHEN_SANITIZED();
#if !defined(__OPTIMIZE__)
    GTEST_SKIP() << "without optimisation a float4 is copied in halves, which may lie anywhere";
#endif
    expect_fault(cudaErrorMisalignedAddress, "misaligned address", [] {
        float* values = nullptr;
        T2T_CHECK(cudaMalloc(&values, 2048));
        vector_read_kernel<<<1, 32>>>(values + 1, reinterpret_cast<float4*>(values + 256));
    });
}

TEST(FaultsDeathTest, AFailedAssertNamesBlockAndThread) {
    expect_fault(cudaErrorAssert, "block: \\[1,0,0\\], thread: \\[3,0,0\\]",
                 [] { assert_kernel<<<2, 32>>>(35); });
}

TEST(FaultsDeathTest, AFailedAssertShowsTheExpression) {
    expect_fault(cudaErrorAssert, "faults_test.cu.*Assertion .*!= bad. failed",
                 [] { assert_kernel<<<1, 32>>>(31); });
}

TEST(FaultsDeathTest, ATrapIsALaunchFailure) {
    expect_fault(cudaErrorLaunchFailure, "unspecified launch failure",
                 [] { trap_kernel<<<1, 64>>>(40); });
}

// Exits with 0 when every call after the fault reports the fault.
[[noreturn]] void call_everything_after_a_fault() {
    int* before = nullptr;
    int host[32] = {};
    T2T_CHECK(cudaMalloc(&before, sizeof host));
    write_kernel<<<2, 32>>>(nullptr, 31);
    cudaDeviceSynchronize();

    void* memory = nullptr;
    cudaStream_t stream = nullptr;
    cudaError_t errors[] = {
        cudaDeviceSynchronize(),
        cudaMalloc(&memory, 16),
        cudaMemcpy(host, before, sizeof host, cudaMemcpyDeviceToHost),
        cudaMemset(before, 0, sizeof host),
        cudaStreamCreate(&stream),
        cudaStreamSynchronize(nullptr),
        (harmless_kernel<<<1, 32>>>(before), cudaGetLastError()),
        cudaDeviceSynchronize(),
        cudaPeekAtLastError(),
    };
    int wrong = 0;
    for (cudaError_t error : errors) {
        if (error != cudaErrorIllegalAddress) ++wrong;
        std::fprintf(stderr, "%s\n", cudaGetErrorName(error));
    }
    std::_Exit(wrong);
}

TEST(FaultsDeathTest, EveryLaterCallReportsTheFault) {
    SKIP_WHEN_SANITIZED();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(call_everything_after_a_fault(), testing::ExitedWithCode(0),
                "cudaErrorIllegalAddress");
}

TEST(FaultsDeathTest, UseAfterFreeIsAnIllegalAddress) {
    SKIP_WHEN_SANITIZED();
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU need not notice";
    expect_fault(cudaErrorIllegalAddress, "block \\(1, 0, 0\\), thread \\(5, 0, 0\\)", [] {
        int* values = nullptr;
        T2T_CHECK(cudaMalloc(&values, 1024));
        T2T_CHECK(cudaFree(values));
        write_kernel<<<2, 32>>>(values, 5);
    });
}

TEST(FaultsDeathTest, AWildPointerNamesKernelBlockAndThread) {
    SKIP_WHEN_SANITIZED();
    if (!on_cpu_device()) GTEST_SKIP() << "on a GPU, compute-sanitizer says where";
    expect_fault(cudaErrorIllegalAddress, "write_kernel.*block \\(1, 0, 0\\), thread \\(7, 0, 0\\)",
                 [] {
                     int* wild = nullptr;
                     write_kernel<<<2, 8>>>(wild + 1000, 7);
                 });
}

// About 2 KiB of stack a call, and a result that needs every frame.
__device__ int deep(int n, volatile int* sink) {
    volatile int local[512];
    for (int i = 0; i < 512; ++i) local[i] = n + i;
    if (n > 0) local[0] = deep(n - 1, sink);
    *sink = local[n % 512];
    return local[0] + local[n % 512];
}

__global__ void recursive_kernel(int n, int* sink) {
    if (threadIdx.x == 2) sink[0] = deep(n, sink);
}

__global__ void recursive_after_barrier_kernel(int n, int* sink) {
    __syncthreads();
    if (threadIdx.x == 2) sink[0] = deep(n, sink);
    __syncthreads();
}

template <void (*kernel)(int, int*)>
void recurse_a_million_times() {
    int* sink = nullptr;
    T2T_CHECK(cudaMalloc(&sink, sizeof(int)));
    kernel<<<1, 32>>>(1'000'000, sink);
}

TEST(FaultsDeathTest, AStackOverflowNamesTheThread) {
    SKIP_WHEN_SANITIZED();
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU reports it as some illegal access";
    for (auto launch : {recurse_a_million_times<recursive_kernel>,
                        recurse_a_million_times<recursive_after_barrier_kernel>}) {
        expect_fault(cudaErrorHardwareStackError, "block \\(0, 0, 0\\), thread \\(2, 0, 0\\)",
                     launch);
    }
}

}  // namespace
}  // namespace t2t::conformance
