// What CUDA refuses, with its own error codes, and how errors are read and reset.
#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void touch_kernel(int* out) {
    if (out != nullptr) out[0] = 1;
}

__global__ void dynamic_kernel(int* out) {
    extern __shared__ int dynamic_values[];
    dynamic_values[threadIdx.x] = 5;
    __syncthreads();
    if (threadIdx.x == 0) *out = dynamic_values[blockDim.x - 1];
}

__global__ void __launch_bounds__(64) bounded_kernel(int* out) {
    if (out != nullptr) out[0] = 1;
}

/// What CUDA calls a grid or block that no device can run: since toolkit 13 an invalid value (seen on an
/// H200), before that an invalid configuration.
constexpr cudaError_t impossible_launch =
    CUDART_VERSION >= 13000 ? cudaErrorInvalidValue : cudaErrorInvalidConfiguration;

/// What the launch of a kernel that does nothing leaves in cudaGetLastError().
cudaError_t launch(dim3 grid, dim3 block, std::size_t shared_bytes = 0) {
    touch_kernel<<<grid, block, shared_bytes>>>(nullptr);
    return cudaGetLastError();
}

/// Checks a refused call: its code, the same code from cudaGetLastError(), and nothing after that.
void expect_refused(cudaError_t returned, cudaError_t expected) {
    EXPECT_STREQ(cudaGetErrorName(returned), cudaGetErrorName(expected));
    EXPECT_STREQ(cudaGetErrorName(cudaGetLastError()), cudaGetErrorName(expected));
    EXPECT_STREQ(cudaGetErrorName(cudaGetLastError()), "cudaSuccess");
}

TEST(RefusedLaunch, TooManyThreads) {
    EXPECT_EQ(launch(1, 1024), cudaSuccess);
    EXPECT_EQ(launch(1, 1025), impossible_launch);
    EXPECT_EQ(launch(1, dim3(33, 32)), impossible_launch);
    EXPECT_EQ(launch(1, dim3(1, 1025)), impossible_launch);
}

TEST(RefusedLaunch, ABlockTooDeepAlongZ) {
    EXPECT_EQ(launch(1, dim3(1, 1, 64)), cudaSuccess);
    EXPECT_EQ(launch(1, dim3(1, 1, 65)), impossible_launch);
}

TEST(RefusedLaunch, AGridOrBlockOfNothing) {
    EXPECT_EQ(launch(0, 32), impossible_launch);
    EXPECT_EQ(launch(dim3(3, 0), 32), impossible_launch);
    EXPECT_EQ(launch(dim3(3, 1, 0), 32), impossible_launch);
    EXPECT_EQ(launch(1, 0), impossible_launch);
    EXPECT_EQ(launch(1, dim3(32, 0)), impossible_launch);
}

TEST(RefusedLaunch, AGridTooLargeAlongYOrZ) {
    EXPECT_EQ(launch(dim3(1, 65'536), 1), impossible_launch);
    EXPECT_EQ(launch(dim3(1, 1, 65'536), 1), impossible_launch);
    EXPECT_EQ(launch(dim3(2'147'483'648u), 1), impossible_launch);
}

TEST(RefusedLaunch, MoreSharedMemoryThanTheKernelOptedInTo) {
    EXPECT_EQ(launch(1, 32, 48 * 1024), cudaSuccess);
    EXPECT_EQ(launch(1, 32, 48 * 1024 + 1), cudaErrorInvalidValue);
    EXPECT_EQ(launch(1, 32, 1 << 30), cudaErrorInvalidValue);
}

TEST(RefusedLaunch, TheOptInHasALimit) {
    int limit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    auto opt_in = [](int bytes) {
        return cudaFuncSetAttribute(dynamic_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    bytes);
    };
    expect_refused(opt_in(limit + 1), cudaErrorInvalidValue);
    ASSERT_EQ(opt_in(60'000), cudaSuccess);
    auto value = collect<int>(1, [](int* out) { dynamic_kernel<<<1, 32, 60'000>>>(out); });
    EXPECT_EQ(value[0], 5);
    DeviceBuffer<int> out(1);
    dynamic_kernel<<<1, 32, 60'001>>>(out.data());
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
}

TEST(RefusedLaunch, MoreThreadsThanTheLaunchBounds) {
    if (on_cpu_device()) GTEST_SKIP() << "the CPU device does not see __launch_bounds__";
    bounded_kernel<<<1, 65>>>(nullptr);
    EXPECT_NE(cudaGetLastError(), cudaSuccess);
}

TEST(RefusedLaunch, DoesNotRunAndDoesNoHarm) {
    auto value = collect<int>(1, [](int* out) {
        touch_kernel<<<1, 2000>>>(out);
        EXPECT_EQ(cudaGetLastError(), impossible_launch);
    });
    EXPECT_EQ(value[0], -1);
    value = collect<int>(1, [](int* out) { touch_kernel<<<1, 20>>>(out); });
    EXPECT_EQ(value[0], 1);
}

TEST(RefusedCopy, NullPointers) {
    DeviceBuffer<int> device(std::vector<int>(4, 1));
    int host[4] = {};
    expect_refused(cudaMemcpy(nullptr, host, 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    expect_refused(cudaMemcpy(host, nullptr, 16, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    expect_refused(cudaMemset(nullptr, 0, 16), cudaErrorInvalidValue);
    expect_refused(cudaMemcpy(device.data(), host, 16, static_cast<cudaMemcpyKind>(7)),
                   cudaErrorInvalidMemcpyDirection);
}

TEST(RefusedCopy, BeyondTheEndOfAnAllocation) {
    std::size_t bytes = 8 << 20;
    DeviceBuffer<char> device(bytes);
    std::vector<char> host(2 * bytes);
    expect_refused(cudaMemcpy(host.data(), device.data(), 2 * bytes, cudaMemcpyDeviceToHost),
                   cudaErrorInvalidValue);
    expect_refused(cudaMemset(device.data(), 0, 2 * bytes), cudaErrorInvalidValue);
}

TEST(RefusedCopy, FromMemoryThatWasFreed) {
    char* device = nullptr;
    std::vector<char> host(8 << 20);
    T2T_CHECK(cudaMalloc(&device, host.size()));
    T2T_CHECK(cudaFree(device));
    expect_refused(cudaMemcpy(host.data(), device, host.size(), cudaMemcpyDeviceToHost),
                   cudaErrorInvalidValue);
}

TEST(RefusedCopy, APitchNarrowerThanTheWidth) {
    DeviceBuffer<char> device(1024);
    char host[1024];
    expect_refused(cudaMemcpy2D(host, 8, device.data(), 32, 16, 4, cudaMemcpyDeviceToHost),
                   cudaErrorInvalidPitchValue);
}

TEST(RefusedFree, WhatIsNoAllocation) {
    int host = 0;
    DeviceBuffer<int> device(1000);
    expect_refused(cudaFree(&host), cudaErrorInvalidValue);
    expect_refused(cudaFree(device.data() + 10), cudaErrorInvalidValue);
    expect_refused(cudaFreeHost(&host), cudaErrorInvalidValue);
}

TEST(RefusedFree, ASecondTime) {
    void* device = nullptr;
    T2T_CHECK(cudaMalloc(&device, 4096));
    EXPECT_EQ(cudaFree(device), cudaSuccess);
    expect_refused(cudaFree(device), cudaErrorInvalidValue);
}

TEST(RefusedAllocation, MoreThanThereIs) {
    void* device = nullptr;
    expect_refused(cudaMalloc(&device, std::size_t{1} << 46), cudaErrorMemoryAllocation);
    expect_refused(cudaMalloc(static_cast<void**>(nullptr), 16), cudaErrorInvalidValue);
}

TEST(RefusedDevice, NumbersThatDoNotExist) {
    int count = 0;
    T2T_CHECK(cudaGetDeviceCount(&count));
    cudaDeviceProp properties;
    int value = 0;
    expect_refused(cudaSetDevice(-1), cudaErrorInvalidDevice);
    expect_refused(cudaSetDevice(count), cudaErrorInvalidDevice);
    expect_refused(cudaGetDeviceProperties(&properties, -1), cudaErrorInvalidDevice);
    expect_refused(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, count),
                   cudaErrorInvalidDevice);
}

TEST(ErrorState, PeekKeepsTheErrorAndGetResetsIt) {
    EXPECT_EQ(cudaFree(&std::cout), cudaErrorInvalidValue);
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(ErrorState, ACallThatSucceedsKeepsAnEarlierError) {
    EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST(ErrorState, TheLatestErrorCounts) {
    EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
    touch_kernel<<<0, 1>>>(nullptr);
    EXPECT_EQ(cudaGetLastError(), impossible_launch);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(ErrorState, NamesAndStringsAreCudas) {
    EXPECT_STREQ(cudaGetErrorName(cudaSuccess), "cudaSuccess");
    EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
    EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidConfiguration),
                 "invalid configuration argument");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorNotReady), "device not ready");
    EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
    EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(1000)), "unrecognized error code");
}

TEST(ErrorState, NumbersAreCudas) {
    EXPECT_EQ(int(cudaErrorInvalidValue), 1);
    EXPECT_EQ(int(cudaErrorMemoryAllocation), 2);
    EXPECT_EQ(int(cudaErrorInvalidConfiguration), 9);
    EXPECT_EQ(int(cudaErrorNotReady), 600);
    EXPECT_EQ(int(cudaErrorIllegalAddress), 700);
    EXPECT_EQ(int(cudaErrorAssert), 710);
    EXPECT_EQ(int(cudaErrorLaunchFailure), 719);
}

}  // namespace
}  // namespace t2t::conformance
