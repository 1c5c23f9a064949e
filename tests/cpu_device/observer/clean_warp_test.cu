// Sound kernels in which the lanes of a warp exchange values without a barrier of the block.
#include <cooperative_groups.h>

#include "tests/cpu_device/observer/clean.hpp"

namespace cg = cooperative_groups;

namespace t2t::observer {
namespace {

__global__ void shuffle_kernel(const float* in, float* out) {
    __shared__ float sums[32];
    const unsigned lane = threadIdx.x % 32;
    const unsigned warp = threadIdx.x / 32;
    float sum = in[threadIdx.x];
    for (int width = 16; width > 0; width /= 2) sum += __shfl_down_sync(0xffffffff, sum, width);
    if (lane == 0) sums[warp] = sum;
    __syncthreads();
    if (warp != 0) return;
    sum = lane < blockDim.x / 32 ? sums[lane] : 0;
    for (int width = 16; width > 0; width /= 2) sum += __shfl_xor_sync(0xffffffff, sum, width);
    if (lane == 0) *out = sum;
}

TEST(CleanWarp, ReductionByShuffles) {
    expect_clean([] {
        auto in = filled<float>(256, 1.0f);
        auto out = filled<float>(1);
        shuffle_kernel<<<1, 256>>>(in.data(), out.data());
        EXPECT_EQ(out.download()[0], 256);
    });
}

__global__ void last_warp_kernel(const float* in, float* out) {
    __shared__ float sums[64];
    const unsigned i = threadIdx.x;
    sums[i] = in[i];
    __syncthreads();
    if (i >= 32) return;
    for (unsigned width = 32; width > 0; width /= 2) {
        const float sum = sums[i] + sums[i + width];
        __syncwarp();  // everybody has read …
        sums[i] = sum;
        __syncwarp();  // … and written
    }
    if (i == 0) *out = sums[0];
}

TEST(CleanWarp, LastWarpWithSyncwarp) {
    expect_clean([] {
        auto in = filled<float>(64, 1.0f);
        auto out = filled<float>(1);
        last_warp_kernel<<<1, 64>>>(in.data(), out.data());
        EXPECT_EQ(out.download()[0], 64);
    });
}

__global__ void row_of_a_warp_kernel(const int* in, int* out) {
    __shared__ int rows[4][32];
    int* row = rows[threadIdx.x / 32];
    const unsigned lane = threadIdx.x % 32;
    for (int step = 0; step < 3; ++step) {
        row[lane] = in[threadIdx.x] + step;
        __syncwarp();
        out[128 * step + threadIdx.x] = row[31 - lane];
        __syncwarp();
    }
}

TEST(CleanWarp, ARowForEachWarp) {
    expect_clean([] {
        auto in = filled<int>(128);
        auto out = filled<int>(3 * 128);
        row_of_a_warp_kernel<<<1, 128>>>(in.data(), out.data());
    });
}

__global__ void halves_kernel(const int* in, int* out) {
    __shared__ int values[32];
    const unsigned lane = threadIdx.x;
    const unsigned mask = lane < 16 ? 0x0000ffff : 0xffff0000;
    values[lane] = in[lane];
    __syncwarp(mask);
    out[lane] = values[lane ^ 15];
}

TEST(CleanWarp, HalvesOfAWarpApart) {
    expect_clean([] {
        auto in = filled<int>(32);
        auto out = filled<int>(32);
        halves_kernel<<<1, 32>>>(in.data(), out.data());
    });
}

__global__ void groups_kernel(const float* in, float* out) {
    __shared__ float values[128];
    const cg::thread_block block = cg::this_thread_block();
    const auto tile = cg::tiled_partition<8>(block);
    values[threadIdx.x] = in[threadIdx.x];
    tile.sync();
    const unsigned first = threadIdx.x / 8 * 8;
    float sum = values[first + (tile.thread_rank() + 1) % 8];
    for (int width = 4; width > 0; width /= 2) sum += tile.shfl_down(sum, width);
    block.sync();
    out[threadIdx.x] = sum + values[127 - threadIdx.x];
}

TEST(CleanWarp, CooperativeGroups) {
    expect_clean([] {
        auto in = filled<float>(128);
        auto out = filled<float>(128);
        groups_kernel<<<1, 128>>>(in.data(), out.data());
    });
}

__global__ void hand_over_kernel(int* out) {
    __shared__ int data;
    __shared__ volatile int flag;
    if (threadIdx.x == 0) flag = 0;
    __syncthreads();
    if (threadIdx.x == 32) {
        data = 42;
        __threadfence_block();
        flag = 1;
    }
    if (threadIdx.x == 0) {
        while (flag == 0) __nanosleep(20);
        __threadfence_block();
        *out = data;
    }
}

TEST(CleanWarp, AFlagBetweenTwoWarps) {
    expect_clean([] {
        auto out = filled<int>(1);
        hand_over_kernel<<<1, 64>>>(out.data());
        EXPECT_EQ(out.download()[0], 42);
    });
}

__global__ void warps_that_leave_kernel(const float* in, float* out, int n) {
    __shared__ float values[128];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;  // whole warps and blocks; those that stay meet at no block-wide barrier
    values[threadIdx.x] = in[i];
    __syncwarp();
    out[i] = values[threadIdx.x ^ 1];
}

TEST(CleanWarp, WarpsAndBlocksThatLeaveEarly) {
    expect_clean([] {
        auto in = filled<float>(192);
        auto out = filled<float>(192);
        warps_that_leave_kernel<<<3, 128>>>(in.data(), out.data(), 192);
    });
}

}  // namespace
}  // namespace t2t::observer
