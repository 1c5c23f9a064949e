// Sound kernels in which the threads of a block share memory and meet at barriers.
#include <cuda_bf16.h>

#include "tests/cpu_device/observer/clean.hpp"

namespace t2t::observer {
namespace {

__global__ void tree_kernel(const float* in, float* out) {
    __shared__ float sums[1024];
    const unsigned i = threadIdx.x;
    sums[i] = in[blockIdx.x * blockDim.x + i];
    __syncthreads();
    for (unsigned width = blockDim.x / 2; width > 0; width /= 2) {
        if (i < width) sums[i] += sums[i + width];
        __syncthreads();
    }
    if (i == 0) out[blockIdx.x] = sums[0];
}

TEST(CleanShared, TreeReduction) {
    expect_clean([] {
        auto in = filled<float>(4 * 1024, 1.0f);
        auto out = filled<float>(4);
        tree_kernel<<<4, 1024>>>(in.data(), out.data());
        EXPECT_EQ(out.download(), std::vector<float>(4, 1024.0f));
    });
}

__global__ void transpose_kernel(const float* in, float* out, int n) {
    __shared__ float tile[32][33];
    const int x = 32 * blockIdx.x;
    const int y = 32 * blockIdx.y;
    for (int row = threadIdx.y; row < 32; row += blockDim.y) {
        tile[row][threadIdx.x] = in[(y + row) * n + x + threadIdx.x];
    }
    __syncthreads();
    for (int row = threadIdx.y; row < 32; row += blockDim.y) {
        out[(x + row) * n + y + threadIdx.x] = tile[threadIdx.x][row];
    }
}

TEST(CleanShared, TransposeTile) {
    expect_clean([] {
        auto in = filled<float>(64 * 64);
        auto out = filled<float>(64 * 64);
        transpose_kernel<<<dim3(2, 2), dim3(32, 8)>>>(in.data(), out.data(), 64);
    });
}

__global__ void tile_loop_kernel(const float* in, float* out, int tiles) {
    __shared__ float tile[64];
    float sum = 0;
    for (int step = 0; step < tiles; ++step) {
        tile[threadIdx.x] = in[64 * step + threadIdx.x];
        __syncthreads();
        for (int i = 0; i < 64; ++i) sum += tile[i];
        __syncthreads();
    }
    out[threadIdx.x] = sum;
}

TEST(CleanShared, TileLoopWithTwoBarriers) {
    expect_clean([] {
        auto in = filled<float>(4 * 64);
        auto out = filled<float>(64);
        tile_loop_kernel<<<1, 64>>>(in.data(), out.data(), 4);
    });
}

__global__ void two_tiles_kernel(const float* in, float* out, int tiles) {
    __shared__ float tile[2][64];
    float sum = 0;
    tile[0][threadIdx.x] = in[threadIdx.x];
    for (int step = 0; step < tiles; ++step) {
        __syncthreads();  // one barrier per step: who writes the other tile has passed the last one
        if (step + 1 < tiles) {
            tile[(step + 1) % 2][threadIdx.x] = in[64 * (step + 1) + threadIdx.x];
        }
        sum += tile[step % 2][63 - threadIdx.x];
    }
    out[threadIdx.x] = sum;
}

TEST(CleanShared, TwoTilesWithOneBarrier) {
    expect_clean([] {
        auto in = filled<float>(5 * 64);
        auto out = filled<float>(64);
        two_tiles_kernel<<<1, 64>>>(in.data(), out.data(), 5);
    });
}

__global__ void histogram_kernel(const int* in, int* bins) {
    __shared__ int mine[16];
    if (threadIdx.x < 16) mine[threadIdx.x] = 0;
    __syncthreads();
    atomicAdd(&mine[in[blockIdx.x * blockDim.x + threadIdx.x] % 16], 1);
    __syncthreads();
    if (threadIdx.x < 16) atomicAdd(&bins[threadIdx.x], mine[threadIdx.x]);
}

TEST(CleanShared, HistogramWithAtomics) {
    expect_clean([] {
        auto in = filled<int>(4 * 128, 19);
        auto bins = filled<int>(16);
        histogram_kernel<<<4, 128>>>(in.data(), bins.data());
        EXPECT_EQ(bins.download()[3], 4 * 128);
    });
}

__device__ int broadcast(int value) {
    __shared__ int slot;
    if (threadIdx.x == 0) slot = value;
    __syncthreads();
    const int result = slot;
    __syncthreads();
    return result;
}

__global__ void broadcast_kernel(int* out) {
    out[threadIdx.x] = broadcast(threadIdx.x + 1) + broadcast(threadIdx.x + 2);
}

TEST(CleanShared, ABroadcastUsedTwice) {
    expect_clean([] {
        auto out = filled<int>(64);
        broadcast_kernel<<<1, 64>>>(out.data());
        EXPECT_EQ(out.download(), std::vector<int>(64, 3));
    });
}

__global__ void own_slot_kernel(const float* in, float* out) {
    __shared__ float values[64];
    values[threadIdx.x] = in[threadIdx.x];
    values[threadIdx.x] *= 2;  // nobody else looks at it: no barrier
    out[threadIdx.x] = values[threadIdx.x];
}

TEST(CleanShared, ASlotForEachThread) {
    expect_clean([] {
        auto in = filled<float>(64);
        auto out = filled<float>(64);
        own_slot_kernel<<<1, 64>>>(in.data(), out.data());
    });
}

__global__ void vote_kernel(const int* in, int* out) {
    __shared__ int values[64];
    values[threadIdx.x] = in[threadIdx.x];
    const int any = __syncthreads_or(values[threadIdx.x] > 0);
    out[threadIdx.x] = any + values[63 - threadIdx.x];
}

TEST(CleanShared, AVoteIsABarrier) {
    expect_clean([] {
        auto in = filled<int>(64);
        auto out = filled<int>(64);
        vote_kernel<<<1, 64>>>(in.data(), out.data());
    });
}

template <typename T>
__global__ void narrow_neighbours_kernel(const T* in, T* out) {
    __shared__ T values[64];
    values[threadIdx.x] = in[threadIdx.x];  // several threads on one 32-bit word
    __syncthreads();
    out[threadIdx.x] = values[63 - threadIdx.x];
}

TEST(CleanShared, NeighboursOfOneAndTwoBytes) {
    expect_clean([] {
        auto in = filled<unsigned char>(64);
        auto out = filled<unsigned char>(64);
        narrow_neighbours_kernel<<<1, 64>>>(in.data(), out.data());
    });
    expect_clean([] {
        auto in = filled<__nv_bfloat16>(64);
        auto out = filled<__nv_bfloat16>(64);
        narrow_neighbours_kernel<<<1, 64>>>(in.data(), out.data());
    });
}

__global__ void large_dynamic_kernel(const float* in, float* out, int floats) {
    extern __shared__ float values[];
    for (int i = threadIdx.x; i < floats; i += blockDim.x) values[i] = in[i];
    __syncthreads();
    for (int i = threadIdx.x; i < floats; i += blockDim.x) out[i] = values[floats - 1 - i];
}

TEST(CleanShared, HundredKilobytesByOptIn) {
    expect_clean([] {
        constexpr int floats = 25'600;
        constexpr int bytes = floats * sizeof(float);
        T2T_CHECK(cudaFuncSetAttribute(large_dynamic_kernel,
                                       cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
        auto in = filled<float>(floats);
        auto out = filled<float>(floats);
        large_dynamic_kernel<<<1, 256, bytes>>>(in.data(), out.data(), floats);
    });
}

__global__ void two_types_kernel(const float4* in, int* out) {
    extern __shared__ float4 vectors[];
    vectors[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    const float sum = reinterpret_cast<const float*>(vectors)[127 - threadIdx.x];
    __syncthreads();
    auto* counts = reinterpret_cast<int*>(vectors);  // the same bytes, now as something else
    counts[threadIdx.x] = static_cast<int>(sum);
    __syncthreads();
    out[threadIdx.x] = counts[31 - threadIdx.x];
}

TEST(CleanShared, MemoryUsedAgainForAnotherType) {
    expect_clean([] {
        auto in = filled<float4>(32);
        auto out = filled<int>(32);
        two_types_kernel<<<1, 32, 32 * sizeof(float4)>>>(in.data(), out.data());
    });
}

}  // namespace
}  // namespace t2t::observer
