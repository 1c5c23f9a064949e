// Sticky errors: a kernel that touches memory it has no right to, asserts, or traps.
#include <cassert>
#include <csignal>

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

int* device_ints() {
    int* values = nullptr;
    T2T_CHECK(cudaMalloc(&values, 1024));
    return values;
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

// CUDA: what a lane gets from one that does not take part is undefined.
__global__ void ask_lane_20_kernel(int* out, unsigned mask) {
    if (threadIdx.x < 4) out[threadIdx.x] = __shfl_sync(mask, int(threadIdx.x), 20);
}
__global__ void ask_partner_kernel(int* out) {
    if (threadIdx.x < 20) out[threadIdx.x] = __shfl_xor_sync(~0u, int(threadIdx.x), 16);
}
__global__ void left_out_kernel() {
    if (threadIdx.x <= 16) __syncwarp(0xffff);
}

TEST(FaultsDeathTest, AShuffleFromALaneThatTheMaskLeavesOutIsNamed) {
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU gives some value";
    expect_fault(
        cudaErrorLaunchFailure,
        "thread \\([0-3], 0, 0\\): __shfl_sync at .*faults_test.cu:[0-9]+ asks for the value "
        "of lane 20, which the mask 0x0000000f leaves out",
        [] { ask_lane_20_kernel<<<1, 32>>>(device_ints(), 0x0f); });
}

TEST(FaultsDeathTest, AShuffleFromALaneThatHasExitedIsNamed) {
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU gives some value";
    expect_fault(cudaErrorLaunchFailure,
                 "asks for the value of lane 20, which has exited or never was",
                 [] { ask_lane_20_kernel<<<1, 32>>>(device_ints(), ~0u); });
    expect_fault(
        cudaErrorLaunchFailure,
        "__shfl_xor_sync at .* asks for the value of lane (2[0-9]|3[01]), which has exited",
        [] { ask_partner_kernel<<<1, 32>>>(device_ints()); });
}

TEST(FaultsDeathTest, ASyncwarpByALaneThatItsMaskLeavesOutIsNamed) {
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU need not notice";
    expect_fault(cudaErrorLaunchFailure,
                 "__syncwarp at .* has the mask 0x0000ffff, which leaves out lane 16",
                 [] { left_out_kernel<<<1, 32>>>(); });
}

template <typename From, typename To>
__global__ void convert_kernel(const From* in, To* out) {
    *out = *in;
}

template <typename To, typename From>
To converted(From value) {
    const DeviceBuffer<From> in(std::vector<From>{value});
    return collect<To>(1, [&](To* out) { convert_kernel<<<1, 1>>>(in.data(), out); })[0];
}

/// Whether the compiler calls the CPU device for a conversion of a value that does not fit (cmake/device.cmake).
bool sees_conversions() {
#if defined(T2T_OBSERVE)
    return false;
#else
    return on_cpu_device() && !sanitized();
#endif
}

#define EXPECT_CONVERSION_FAULT(To, value, sentence)                                 \
    expect_fault(cudaErrorLaunchFailure, sentence, [] {                              \
        const DeviceBuffer<decltype(value)> in(std::vector<decltype(value)>{value}); \
        convert_kernel<<<1, 1>>>(in.data(), reinterpret_cast<To*>(device_ints()));   \
    })

TEST(FaultsDeathTest, AConversionThatIsNoCastAndDoesNotFitIsNamed) {
    if (!sees_conversions()) GTEST_SKIP() << "a GPU saturates";
    EXPECT_CONVERSION_FAULT(
        unsigned, -1.0f, "-1 becomes an `unsigned int` at .*faults_test.cu:[0-9]+; a GPU gives 0,");
    EXPECT_CONVERSION_FAULT(int, 3e9, "3e\\+09 becomes an `int` .* a GPU gives 2147483647,");
    EXPECT_CONVERSION_FAULT(long long, -1e20f, "a GPU gives -9223372036854775808,");
    EXPECT_CONVERSION_FAULT(unsigned char, -3.0f, "an `unsigned char` at .* a GPU gives 0,");
}

TEST(Conversions, ThatFitIn32BitsKeepTheLowOnes) {
    EXPECT_EQ((converted<int>(-2147483648.0)), -2147483647 - 1);
    EXPECT_EQ((converted<unsigned>(4294967040.0f)), 4294967040u);
    EXPECT_EQ((converted<unsigned>(-0.75f)), 0u);
    EXPECT_EQ((converted<unsigned char>(300.5f)), 44);
    EXPECT_EQ((converted<signed char>(200.0)), -56);
    EXPECT_EQ((converted<short>(-40000.0f)), 25536);
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

// Without T2T_HOST_ACCESS=fault the CPU device lets the host do what a machine with a GPU would not.
void forbid_host_access() {
    setenv("T2T_HOST_ACCESS", "fault", 1);
}

TEST(FaultsDeathTest, TheHostReadsDeviceMemory) {
    SKIP_WHEN_SANITIZED();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto read = [] {
        forbid_host_access();
        std::_Exit(*static_cast<volatile int*>(device_ints() + 4));
    };
    EXPECT_EXIT(read(), testing::KilledBySignal(SIGSEGV),
                on_cpu_device() ? "the host reads device memory, 16 bytes into a cudaMalloc of "
                                  "1024 bytes; copy it to the host with cudaMemcpy first"
                                : "");
}

TEST(FaultsDeathTest, TheHostWritesDeviceMemory) {
    SKIP_WHEN_SANITIZED();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto write = [] {
        forbid_host_access();
        int* values = device_ints();
        harmless_kernel<<<1, 32>>>(values);
        T2T_CHECK(cudaDeviceSynchronize());
        values[0] = 1;
        std::_Exit(0);
    };
    EXPECT_EXIT(write(), testing::KilledBySignal(SIGSEGV),
                on_cpu_device() ? "the host writes device memory, 0 bytes into" : "");
}

__global__ void double_kernel(const int* in, int* out) {
    out[threadIdx.x] = 2 * in[threadIdx.x];
}

// Exits with 0 when everything but the host may touch device memory, and the host what is managed or its own.
[[noreturn]] void use_every_memory() {
    forbid_host_access();
    int* first = device_ints();
    int* second = device_ints();
    int* managed = nullptr;
    int* pinned = nullptr;
    T2T_CHECK(cudaMallocManaged(&managed, 128));
    T2T_CHECK(cudaMallocHost(&pinned, 128));
    for (int i = 0; i < 32; ++i) managed[i] = pinned[i] = i;
    T2T_CHECK(cudaMemcpy(first, pinned, 128, cudaMemcpyHostToDevice));
    for (int round = 0; round < 3; ++round) {
        T2T_CHECK(cudaMemset(second, 0, 128));
        double_kernel<<<1, 32>>>(first, second);
        T2T_CHECK(cudaMemcpy(first, second, 128, cudaMemcpyDeviceToDevice));
    }
    double_kernel<<<1, 32>>>(managed, managed);
    T2T_CHECK(cudaMemcpy2D(pinned, 4, second, 8, 4, 16, cudaMemcpyDeviceToHost));
    T2T_CHECK(cudaDeviceSynchronize());
    bool right = true;
    for (int i = 0; i < 16; ++i) right = right && pinned[i] == 16 * i && managed[i] == 2 * i;
    T2T_CHECK(cudaFree(first));
    std::_Exit(right ? 0 : 1);
}

TEST(FaultsDeathTest, EverybodyElseMayTouchDeviceMemory) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(use_every_memory(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace t2t::conformance
