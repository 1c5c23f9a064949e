// Memory: allocation, copies of every kind, pinned and managed memory, what a pointer points to.
#include <cstdint>
#include <numeric>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void scale_kernel(int* values, int n, int factor) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] *= factor;
}

std::vector<int> counting(int n) {
    std::vector<int> values(n);
    std::iota(values.begin(), values.end(), 0);
    return values;
}

TEST(Memory, ValuesSurviveTheRoundTrip) {
    auto values = counting(1000);
    DeviceBuffer<int> device(values);
    EXPECT_EQ(device.download(), values);
}

TEST(Memory, AllocationsAreAligned256BytesAndApart) {
    std::vector<DeviceBuffer<char>> buffers;
    for (std::size_t size : {1, 3, 255, 256, 257, 100'000}) {
        buffers.emplace_back(size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers.back().data()) % 256, 0u);
        T2T_CHECK(cudaMemset(buffers.back().data(), int(buffers.size()), size));
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        EXPECT_EQ(buffers[i].download(), std::vector<char>(buffers[i].size(), char(i + 1)));
    }
}

TEST(Memory, TypedMallocNeedsNoCast) {
    double* values = nullptr;
    T2T_CHECK(cudaMalloc(&values, 8 * sizeof(double)));
    ASSERT_NE(values, nullptr);
    T2T_CHECK(cudaMemset(values, 0, 8 * sizeof(double)));
    std::vector<double> host(8, 1.0);
    T2T_CHECK(cudaMemcpy(host.data(), values, 8 * sizeof(double), cudaMemcpyDefault));
    EXPECT_EQ(host, std::vector<double>(8, 0.0));
    EXPECT_EQ(cudaFree(values), cudaSuccess);
}

TEST(Memory, FreeOfNullAndMallocOfNothingAreFine) {
    EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(nullptr), cudaSuccess);
    void* pointer = &pointer;
    EXPECT_EQ(cudaMalloc(&pointer, 0), cudaSuccess);
    EXPECT_EQ(pointer, nullptr);
}

TEST(Memory, MemsetSetsBytes) {
    DeviceBuffer<unsigned> values(std::vector<unsigned>(6, 7));
    T2T_CHECK(cudaMemset(reinterpret_cast<char*>(values.data()) + 2, 0x1ab, 15));  // the low byte
    EXPECT_EQ(values.download(), (std::vector<unsigned>{0xabab0007u, 0xababababu, 0xababababu,
                                                        0xababababu, 0xabu, 7}));
}

TEST(Memory, CopiesOfEveryKind) {
    auto values = counting(64);
    DeviceBuffer<int> first(values);
    DeviceBuffer<int> second(64);
    std::vector<int> host(64);
    T2T_CHECK(cudaMemcpy(second.data(), first.data(), 256, cudaMemcpyDeviceToDevice));
    T2T_CHECK(cudaMemcpy(host.data(), second.data(), 256, cudaMemcpyDeviceToHost));
    EXPECT_EQ(host, values);
    std::vector<int> copy(64);
    T2T_CHECK(cudaMemcpy(copy.data(), host.data(), 256, cudaMemcpyHostToHost));
    EXPECT_EQ(copy, values);
    T2T_CHECK(cudaMemset(second.data(), 0, 256));
    T2T_CHECK(cudaMemcpy(second.data(), host.data(), 256, cudaMemcpyDefault));
    EXPECT_EQ(second.download(), values);
}

TEST(Memory, CopiesMayStartAnywhereInAnAllocation) {
    DeviceBuffer<int> device(counting(100));
    std::vector<int> part(10);
    T2T_CHECK(cudaMemcpy(part.data(), device.data() + 45, 40, cudaMemcpyDeviceToHost));
    EXPECT_EQ(part, tabulate<int>(10, [](int i) { return 45 + i; }));
    EXPECT_EQ(cudaMemcpy(part.data(), device.data(), 0, cudaMemcpyDeviceToHost), cudaSuccess);
}

TEST(Memory, TwoDimensionalCopiesAndMemsetKeepTheGaps) {
    int rows = 5, columns = 7;
    int* pitched = nullptr;
    std::size_t pitch = 0;
    T2T_CHECK(cudaMallocPitch(&pitched, &pitch, columns * sizeof(int), rows));
    EXPECT_GE(pitch, columns * sizeof(int));
    auto values = counting(rows * columns);
    std::size_t width = columns * sizeof(int);
    T2T_CHECK(
        cudaMemcpy2D(pitched, pitch, values.data(), width, width, rows, cudaMemcpyHostToDevice));
    T2T_CHECK(cudaMemset2D(pitched + 2, pitch, 0xff, 3 * sizeof(int), rows - 1));
    std::vector<int> host(rows * 10, -9);
    T2T_CHECK(cudaMemcpy2D(host.data(), 10 * sizeof(int), pitched, pitch, width, rows,
                           cudaMemcpyDeviceToHost));
    EXPECT_EQ(host, tabulate<int>(rows * 10, [=](int i) {
                  int row = i / 10, column = i % 10;
                  if (column >= columns) return -9;
                  bool set = row < rows - 1 && column >= 2 && column < 5;
                  return set ? -1 : row * columns + column;
              }));
    T2T_CHECK(cudaFree(pitched));
}

TEST(Memory, AsyncCopiesFollowTheStreamsOrder) {
    int n = 1 << 16;
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreate(&stream));
    PinnedBuffer<int> host(n);
    DeviceBuffer<int> device(n);
    std::iota(host.data(), host.data() + n, 0);
    T2T_CHECK(cudaMemcpyAsync(device.data(), host.data(), n * sizeof(int), cudaMemcpyHostToDevice,
                              stream));
    scale_kernel<<<n / 256, 256, 0, stream>>>(device.data(), n, 3);
    T2T_CHECK(cudaMemcpyAsync(host.data(), device.data(), n * sizeof(int), cudaMemcpyDeviceToHost,
                              stream));
    T2T_CHECK(cudaMemsetAsync(device.data(), 0, n * sizeof(int), stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(std::vector(host.data(), host.data() + n),
              tabulate<int>(n, [](int i) { return 3 * i; }));
    EXPECT_EQ(device.download(), std::vector<int>(n, 0));
    T2T_CHECK(cudaStreamDestroy(stream));
}

TEST(Memory, AKernelReachesMappedPinnedMemory) {
    int* host = nullptr;
    T2T_CHECK(cudaHostAlloc(&host, 100 * sizeof(int), cudaHostAllocMapped));
    std::iota(host, host + 100, 0);
    void* device = nullptr;
    T2T_CHECK(cudaHostGetDevicePointer(&device, host, 0));
    scale_kernel<<<1, 128>>>(static_cast<int*>(device), 100, -2);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(std::vector(host, host + 100), tabulate<int>(100, [](int i) { return -2 * i; }));
    T2T_CHECK(cudaFreeHost(host));
}

TEST(Memory, HostMemoryIsRegisteredOnce) {
    std::vector<int> host(4096, 5);
    std::size_t bytes = host.size() * sizeof(int);
    T2T_CHECK(cudaHostRegister(host.data(), bytes, cudaHostRegisterDefault));
    EXPECT_EQ(cudaHostRegister(host.data(), bytes, cudaHostRegisterDefault),
              cudaErrorHostMemoryAlreadyRegistered);
    EXPECT_EQ(cudaGetLastError(), cudaErrorHostMemoryAlreadyRegistered);
    DeviceBuffer<int> device(host.size());
    T2T_CHECK(cudaMemcpyAsync(device.data(), host.data(), bytes, cudaMemcpyHostToDevice));
    EXPECT_EQ(device.download(), host);
    T2T_CHECK(cudaHostUnregister(host.data()));
    EXPECT_EQ(cudaHostUnregister(host.data()), cudaErrorHostMemoryNotRegistered);
    EXPECT_EQ(cudaGetLastError(), cudaErrorHostMemoryNotRegistered);
}

TEST(Memory, ManagedMemoryIsSharedByHostAndKernel) {
    if (!attribute(cudaDevAttrManagedMemory)) GTEST_SKIP() << "this device has no managed memory";
    int* values = nullptr;
    T2T_CHECK(cudaMallocManaged(&values, 100 * sizeof(int)));
    std::iota(values, values + 100, 0);
    scale_kernel<<<1, 128>>>(values, 100, 5);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(std::vector(values, values + 100), tabulate<int>(100, [](int i) { return 5 * i; }));
    T2T_CHECK(cudaFree(values));
}

TEST(Memory, StreamOrderedAllocations) {
    if (!attribute(cudaDevAttrMemoryPoolsSupported)) GTEST_SKIP() << "no memory pools";
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreate(&stream));
    std::vector<int> host(64);
    for (int round = 0; round < 3; ++round) {
        int* values = nullptr;
        T2T_CHECK(cudaMallocAsync(&values, 256, stream));
        T2T_CHECK(cudaMemsetAsync(values, 1, 256, stream));
        scale_kernel<<<2, 32, 0, stream>>>(values, 64, round);
        T2T_CHECK(cudaMemcpyAsync(host.data(), values, 256, cudaMemcpyDeviceToHost, stream));
        T2T_CHECK(cudaFreeAsync(values, stream));
        T2T_CHECK(cudaStreamSynchronize(stream));
        EXPECT_EQ(host, std::vector<int>(64, 0x01010101 * round));
    }
    T2T_CHECK(cudaStreamDestroy(stream));
}

TEST(Memory, WhatIsFreeIsPartOfTheTotal) {
    DeviceBuffer<char> held(1 << 20);
    std::size_t free = 0, total = 0;
    T2T_CHECK(cudaMemGetInfo(&free, &total));
    EXPECT_GT(free, 0u);
    EXPECT_LE(free + held.bytes(), total);
}

TEST(Memory, PointerAttributesTellWhereMemoryLives) {
    DeviceBuffer<int> device(10);
    PinnedBuffer<int> pinned(10);
    int plain = 0;
    cudaPointerAttributes attributes{};
    T2T_CHECK(cudaPointerGetAttributes(&attributes, device.data() + 3));
    EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
    EXPECT_EQ(attributes.devicePointer, device.data() + 3);
    EXPECT_EQ(attributes.device, 0);
    T2T_CHECK(cudaPointerGetAttributes(&attributes, pinned.data()));
    EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
    EXPECT_EQ(attributes.hostPointer, pinned.data());
    T2T_CHECK(cudaPointerGetAttributes(&attributes, &plain));
    EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
}

}  // namespace
}  // namespace t2t::conformance
