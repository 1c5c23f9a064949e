// What a device says about itself: the numbers must agree with each other and with what launches do.
#include <cstring>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

cudaDeviceProp properties() {
    cudaDeviceProp properties{};
    T2T_CHECK(cudaGetDeviceProperties(&properties, 0));
    return properties;
}

TEST(Properties, AtLeastOneDeviceAndTheFirstIsCurrent) {
    int count = 0, current = -1;
    T2T_CHECK(cudaGetDeviceCount(&count));
    T2T_CHECK(cudaGetDevice(&current));
    EXPECT_GE(count, 1);
    EXPECT_EQ(current, 0);
    EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST(Properties, AgreeWithTheAttributes) {
    cudaDeviceProp p = properties();
    EXPECT_GT(std::strlen(p.name), 0u);
    EXPECT_EQ(p.major, attribute(cudaDevAttrComputeCapabilityMajor));
    EXPECT_EQ(p.minor, attribute(cudaDevAttrComputeCapabilityMinor));
    EXPECT_EQ(p.multiProcessorCount, attribute(cudaDevAttrMultiProcessorCount));
    EXPECT_EQ(p.maxThreadsPerBlock, attribute(cudaDevAttrMaxThreadsPerBlock));
    EXPECT_EQ(p.warpSize, attribute(cudaDevAttrWarpSize));
    EXPECT_EQ(p.sharedMemPerBlock, std::size_t(attribute(cudaDevAttrMaxSharedMemoryPerBlock)));
    EXPECT_EQ(p.sharedMemPerBlockOptin,
              std::size_t(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)));
    EXPECT_EQ(p.regsPerBlock, attribute(cudaDevAttrMaxRegistersPerBlock));
    EXPECT_EQ(p.maxThreadsPerMultiProcessor, attribute(cudaDevAttrMaxThreadsPerMultiProcessor));
    EXPECT_EQ(p.l2CacheSize, attribute(cudaDevAttrL2CacheSize));
}

TEST(Properties, AreWhatEveryDeviceSinceVoltaHas) {
    cudaDeviceProp p = properties();
    EXPECT_GE(10 * p.major + p.minor, 70);
    EXPECT_EQ(p.warpSize, 32);
    EXPECT_EQ(p.maxThreadsPerBlock, 1024);
    EXPECT_EQ(p.maxThreadsDim[0], 1024);
    EXPECT_EQ(p.maxThreadsDim[1], 1024);
    EXPECT_EQ(p.maxThreadsDim[2], 64);
    EXPECT_EQ(p.maxGridSize[0], 2'147'483'647);
    EXPECT_EQ(p.maxGridSize[1], 65'535);
    EXPECT_EQ(p.maxGridSize[2], 65'535);
    EXPECT_EQ(p.sharedMemPerBlock, 49'152u);
    EXPECT_EQ(p.totalConstMem, 65'536u);
}

TEST(Properties, HoldSensibleRelations) {
    cudaDeviceProp p = properties();
    EXPECT_GE(p.multiProcessorCount, 1);
    EXPECT_GE(p.sharedMemPerBlockOptin, p.sharedMemPerBlock);
    EXPECT_GE(p.sharedMemPerMultiprocessor, p.sharedMemPerBlockOptin);
    EXPECT_GE(p.maxThreadsPerMultiProcessor, p.maxThreadsPerBlock);
    EXPECT_GE(p.regsPerMultiprocessor, p.regsPerBlock);
    std::size_t free = 0, total = 0;
    T2T_CHECK(cudaMemGetInfo(&free, &total));
    EXPECT_LE(free, total);
    EXPECT_EQ(p.totalGlobalMem, total);
}

TEST(Properties, VersionsAreReported) {
    int runtime = 0, driver = 0;
    T2T_CHECK(cudaRuntimeGetVersion(&runtime));
    T2T_CHECK(cudaDriverGetVersion(&driver));
    EXPECT_EQ(runtime, CUDART_VERSION);
    EXPECT_GE(driver, runtime);
}

__global__ void small_kernel(int* out) {
    out[threadIdx.x] = threadIdx.x;
}

__global__ void __launch_bounds__(256) static_shared_kernel(float* out) {
    __shared__ float values[3000];
    for (int i = threadIdx.x; i < 3000; i += blockDim.x) values[i] = i;
    __syncthreads();
    out[threadIdx.x] = values[2999 - threadIdx.x];
}

TEST(FunctionAttributes, AreThoseOfTheKernel) {
    cudaFuncAttributes attributes{};
    T2T_CHECK(cudaFuncGetAttributes(&attributes, small_kernel));
    EXPECT_EQ(attributes.maxThreadsPerBlock, 1024);
    EXPECT_GT(attributes.numRegs, 0);
    EXPECT_EQ(attributes.sharedSizeBytes, 0u);
    EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 49'152);
}

TEST(FunctionAttributes, TheOptInIsRemembered) {
    T2T_CHECK(cudaFuncSetAttribute(static_shared_kernel,
                                   cudaFuncAttributeMaxDynamicSharedMemorySize, 20'000));
    cudaFuncAttributes attributes{};
    T2T_CHECK(cudaFuncGetAttributes(&attributes, static_shared_kernel));
    EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 20'000);
}

template <typename Kernel>
int active_blocks(Kernel* kernel, int threads, std::size_t shared_bytes) {
    int blocks = -1;
    T2T_CHECK(
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads, shared_bytes));
    return blocks;
}

TEST(Occupancy, IsBoundedByTheThreadsOfAMultiprocessor) {
    int most = attribute(cudaDevAttrMaxThreadsPerMultiProcessor);
    for (int threads : {32, 64, 128, 256, 512, 1024}) {
        int blocks = active_blocks(small_kernel, threads, 0);
        EXPECT_GE(blocks, 1) << threads << " threads";
        EXPECT_LE(blocks * threads, most) << threads << " threads";
    }
    EXPECT_EQ(active_blocks(small_kernel, 1024, 0), most / 1024);
}

TEST(Occupancy, FallsAsSharedMemoryGrows) {
    int none = active_blocks(small_kernel, 128, 0);
    int some = active_blocks(small_kernel, 128, 16 * 1024);
    int much = active_blocks(small_kernel, 128, 48 * 1024);
    EXPECT_GE(none, some);
    EXPECT_GT(some, much);
    EXPECT_GE(much, 1);
    EXPECT_LE(std::size_t(much) * 48 * 1024, properties().sharedMemPerMultiprocessor);
}

TEST(Occupancy, SuggestsABlockSizeThatLaunches) {
    int least_grid = 0, block = 0;
    T2T_CHECK(cudaOccupancyMaxPotentialBlockSize(&least_grid, &block, small_kernel, 0, 0));
    EXPECT_GE(least_grid, 1);
    EXPECT_GE(block, 32);
    EXPECT_LE(block, 1024);
    EXPECT_EQ(block % 32, 0);
    auto values = collect<int>(block, [=](int* out) { small_kernel<<<1, block>>>(out); });
    EXPECT_EQ(values, tabulate<int>(block, [](int i) { return i; }));
}

TEST(Peers, ADeviceIsNoPeerOfItself) {
    int can_access = -1;
    EXPECT_EQ(cudaDeviceCanAccessPeer(&can_access, 0, 0), cudaSuccess);
    EXPECT_EQ(can_access, 0);
    EXPECT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaErrorPeerAccessUnsupported);
    EXPECT_EQ(cudaGetLastError(), cudaErrorPeerAccessUnsupported);
}

TEST(Peers, CopiesWithinOneDeviceWork) {
    DeviceBuffer<int> from(tabulate<int>(100, [](int i) { return 3 * i; }));
    DeviceBuffer<int> to(100);
    T2T_CHECK(cudaMemcpyPeer(to.data(), 0, from.data(), 0, 400));
    EXPECT_EQ(to.download(), from.download());
}

TEST(Limits, TheStackSizeCanBeReadAndSet) {
    std::size_t before = 0, after = 0;
    T2T_CHECK(cudaDeviceGetLimit(&before, cudaLimitStackSize));
    EXPECT_GT(before, 0u);
    T2T_CHECK(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
    T2T_CHECK(cudaDeviceGetLimit(&after, cudaLimitStackSize));
    EXPECT_GE(after, 4096u);
    T2T_CHECK(cudaDeviceSetLimit(cudaLimitStackSize, before));
}

// What programs divide by, or make a bandwidth of.
TEST(DeviceAttributes, ThatProgramsCalculateWithArePositive) {
    for (const cudaDeviceAttr each :
         {cudaDevAttrClockRate, cudaDevAttrMemoryClockRate, cudaDevAttrGlobalMemoryBusWidth,
          cudaDevAttrMaxPitch, cudaDevAttrSingleToDoublePrecisionPerfRatio}) {
        EXPECT_GT(attribute(each), 0) << each;
    }
}

TEST(Devices, AreFoundByTheirBus) {
    char bus[32] = "";
    T2T_CHECK(cudaDeviceGetPCIBusId(bus, sizeof bus, 0));
    int device = -1;
    T2T_CHECK(cudaDeviceGetByPCIBusId(&device, bus));
    EXPECT_EQ(device, 0);
    const cudaDeviceProp any = {};
    device = -1;
    T2T_CHECK(cudaChooseDevice(&device, &any));
    EXPECT_GE(device, 0);
}

}  // namespace
}  // namespace t2t::conformance
