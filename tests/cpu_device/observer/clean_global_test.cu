// Sound kernels in which blocks share global memory through atomics, or only seem to share it.
#include <cooperative_groups.h>
#include <cuda_bf16.h>

#include "tests/cpu_device/observer/clean.hpp"

namespace cg = cooperative_groups;

namespace t2t::observer {
namespace {

__global__ void atomics_kernel(int* counter, float* sum, int* most) {
    atomicAdd(counter, 1);
    atomicAdd(sum, 0.5f);
    atomicMax(most, static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x));
}

TEST(CleanGlobal, Atomics) {
    expect_clean([] {
        auto counter = filled<int>(1);
        auto sum = filled<float>(1);
        auto most = filled<int>(1);
        atomics_kernel<<<8, 64>>>(counter.data(), sum.data(), most.data());
        EXPECT_EQ(counter.download()[0], 512);
        EXPECT_EQ(sum.download()[0], 256);
        EXPECT_EQ(most.download()[0], 511);
    });
}

__global__ void aggregated_kernel(const int* in, int* out, int* count) {
    const int value = in[blockIdx.x * blockDim.x + threadIdx.x];
    if (value % 3 != 0) return;
    const cg::coalesced_group group = cg::coalesced_threads();
    int first = 0;
    if (group.thread_rank() == 0) first = atomicAdd(count, static_cast<int>(group.size()));
    first = group.shfl(first, 0);
    out[first + group.thread_rank()] = value;
}

TEST(CleanGlobal, OneAtomicForAWarp) {
    expect_clean([] {
        std::vector<int> values(256);
        for (int i = 0; i < 256; ++i) values[i] = i;
        DeviceBuffer<int> in(values);
        DeviceBuffer<int> out(256);
        auto count = filled<int>(1);
        aggregated_kernel<<<4, 64>>>(in.data(), out.data(), count.data());
        EXPECT_EQ(count.download()[0], 86);  // 0, 3, … 255
    });
}

// The slot that an atomic hands out is its thread's own.
__global__ void compact_kernel(const int* in, int* out, int* count) {
    const int value = in[blockIdx.x * blockDim.x + threadIdx.x];
    if (value > 0) out[atomicAdd(count, 1)] = value;
}

TEST(CleanGlobal, SlotsHandedOutByAnAtomic) {
    expect_clean([] {
        auto in = filled<int>(256, 1);
        DeviceBuffer<int> out(256);
        auto count = filled<int>(1);
        compact_kernel<<<4, 64>>>(in.data(), out.data(), count.data());
        EXPECT_EQ(out.download(), std::vector<int>(256, 1));
    });
}

__global__ void maximum_kernel(const float* in, float* most) {
    auto* bits = reinterpret_cast<int*>(most);
    const float mine = in[blockIdx.x * blockDim.x + threadIdx.x];
    int seen = atomicAdd(bits, 0);
    while (__int_as_float(seen) < mine) {
        const int expected = seen;
        seen = atomicCAS(bits, expected, __float_as_int(mine));
        if (seen == expected) break;
    }
}

TEST(CleanGlobal, AMaximumByCompareAndSwap) {
    expect_clean([] {
        auto in = filled<float>(256, 2.5f);
        auto most = filled<float>(1);
        maximum_kernel<<<4, 64>>>(in.data(), most.data());
        EXPECT_EQ(most.download()[0], 2.5f);
    });
}

// Neighbouring elements of one 32-bit word belong to different blocks.
template <typename T>
__global__ void interleaved_kernel(T* out, T value) {
    out[threadIdx.x * gridDim.x + blockIdx.x] = value;
}

TEST(CleanGlobal, NeighboursOfOneAndTwoBytesFromTwoBlocks) {
    expect_clean([] {
        DeviceBuffer<unsigned char> out(4 * 64);
        interleaved_kernel<unsigned char><<<4, 64>>>(out.data(), 3);
    });
    expect_clean([] {
        DeviceBuffer<__nv_bfloat16> out(2 * 64);
        interleaved_kernel<<<2, 64>>>(out.data(), __float2bfloat16(1.0f));
    });
}

// Blocks read what all others read, and write only their own.
__global__ void halo_kernel(const float* in, float* out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i > 0 && i + 1 < n) out[i] = in[i - 1] + in[i] + in[i + 1];
}

TEST(CleanGlobal, AHaloThatIsOnlyRead) {
    expect_clean([] {
        auto in = filled<float>(200);
        auto out = filled<float>(200);
        halo_kernel<<<4, 64>>>(in.data(), out.data(), 200);
    });
}

__global__ void many_blocks_kernel(int* out) {
    if (threadIdx.x == 0) out[blockIdx.x] = blockIdx.x;
}

TEST(CleanGlobal, AHundredThousandBlocks) {
    expect_clean([] {
        DeviceBuffer<int> out(100'000);
        many_blocks_kernel<<<100'000, 32>>>(out.data());
        EXPECT_EQ(out.download()[99'999], 99'999);
    });
}

__global__ void grid_stride_kernel(float* values, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        values[i] *= 2;
    }
}

TEST(CleanGlobal, AGridStrideLoopInPlace) {
    expect_clean([] {
        auto values = filled<float>(10'007, 1.0f);
        grid_stride_kernel<<<8, 128>>>(values.data(), 10'007);
        EXPECT_EQ(values.download(), std::vector<float>(10'007, 2.0f));
    });
}

}  // namespace
}  // namespace t2t::observer
