// Sound kernels in which one block waits for another: fences, flags, locks, barriers of the grid.
#include <cooperative_groups.h>

#include "tests/cpu_device/observer/clean.hpp"

namespace cg = cooperative_groups;

namespace t2t::observer {
namespace {

// As in CUDA's sample threadFenceReduction.
__global__ void last_block_kernel(const float* in, volatile float* sums, unsigned* finished,
                                  float* total) {
    __shared__ float sum;
    __shared__ bool is_last;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    atomicAdd(&sum, in[blockIdx.x * blockDim.x + threadIdx.x]);
    __syncthreads();
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
        __threadfence();
        is_last = atomicInc(finished, gridDim.x) == gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last || threadIdx.x != 0) return;
    float all = 0;
    for (unsigned block = 0; block < gridDim.x; ++block) all += sums[block];
    *total = all;
    *finished = 0;  // for the next launch
}

TEST(CleanBlocks, TheLastBlockSumsForAll) {
    expect_clean([] {
        auto in = filled<float>(16 * 64, 1.0f);
        DeviceBuffer<float> sums(16);
        auto finished = filled<unsigned>(1);
        auto total = filled<float>(1);
        for (int launch = 0; launch < 2; ++launch) {
            last_block_kernel<<<16, 64>>>(in.data(), sums.data(), finished.data(), total.data());
        }
        EXPECT_EQ(total.download()[0], 16 * 64);
    });
}

// All threads of the last block read what single threads of the others wrote.
__global__ void last_block_together_kernel(float* sums, unsigned* finished, float* total) {
    __shared__ bool is_last;
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = blockIdx.x;
        __threadfence();
        is_last = atomicAdd(finished, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last) return;
    __threadfence();
    atomicAdd(total, sums[threadIdx.x]);
}

TEST(CleanBlocks, TheLastBlockSumsWithAllItsThreads) {
    expect_clean([] {
        DeviceBuffer<float> sums(32);
        auto finished = filled<unsigned>(1);
        auto total = filled<float>(1);
        last_block_together_kernel<<<32, 32>>>(sums.data(), finished.data(), total.data());
        EXPECT_EQ(total.download()[0], 31 * 32 / 2);
    });
}

__global__ void volatile_flag_kernel(int* data, volatile int* flag, int* out) {
    if (blockIdx.x == 0) {
        data[threadIdx.x] = 42;
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            *flag = 1;
        }
    } else {
        if (threadIdx.x == 0) {
            while (*flag == 0) __nanosleep(20);
            __threadfence();
        }
        __syncthreads();
        out[threadIdx.x] = data[31 - threadIdx.x];
    }
}

/// Launches `kernel` so that all its blocks are resident, as spinning blocks need.
template <typename... Parameters>
void launch_cooperatively(void (*kernel)(Parameters...), int blocks, int threads,
                          Parameters... values) {
    void* arguments[] = {&values...};
    T2T_CHECK(cudaLaunchCooperativeKernel(kernel, dim3(blocks), dim3(threads), arguments));
}

TEST(CleanBlocks, AVolatileFlagWithFences) {
    expect_clean([] {
        DeviceBuffer<int> data(32);
        auto flag = filled<int>(1);
        auto out = filled<int>(32);
        launch_cooperatively<int*, volatile int*, int*>(volatile_flag_kernel, 2, 32, data.data(),
                                                        flag.data(), out.data());
        EXPECT_EQ(out.download(), std::vector<int>(32, 42));
    });
}

// Every block waits for the one before it, as in a scan with look-back.
__global__ void chain_kernel(int* sums, int* ready) {
    if (threadIdx.x != 0) return;
    int before = 0;
    if (blockIdx.x > 0) {
        while (atomicAdd(&ready[blockIdx.x - 1], 0) == 0) {
        }
        __threadfence();
        before = sums[blockIdx.x - 1];
    }
    sums[blockIdx.x] = before + static_cast<int>(blockIdx.x);
    __threadfence();
    atomicExch(&ready[blockIdx.x], 1);
}

TEST(CleanBlocks, AChainOfBlocksWithAtomicFlags) {
    expect_clean([] {
        DeviceBuffer<int> sums(8);
        auto ready = filled<int>(8);
        launch_cooperatively<int*, int*>(chain_kernel, 8, 32, sums.data(), ready.data());
        EXPECT_EQ(sums.download()[7], 7 * 8 / 2);
    });
}

__global__ void lock_kernel(int* lock, int* shared_sum) {
    if (threadIdx.x != 0) return;
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence();
    *shared_sum += static_cast<int>(blockIdx.x);
    __threadfence();
    atomicExch(lock, 0);
}

TEST(CleanBlocks, ALock) {
    expect_clean([] {
        auto lock = filled<int>(1);
        auto sum = filled<int>(1);
        launch_cooperatively<int*, int*>(lock_kernel, 8, 32, lock.data(), sum.data());
        EXPECT_EQ(sum.download()[0], 7 * 8 / 2);
    });
}

// The block's own lock: all that it orders stays within the block.
__global__ void lock_of_a_block_kernel(int* locks, volatile int* sums) {
    if (threadIdx.x % 32 != 0) return;
    int* lock = locks + blockIdx.x;
    while (atomicCAS_block(lock, 0, 1) != 0) {
    }
    __threadfence_block();
    sums[blockIdx.x] = sums[blockIdx.x] + 1;
    __threadfence_block();
    atomicExch_block(lock, 0);
}

TEST(CleanBlocks, ALockOfBlockScope) {
    expect_clean([] {
        auto locks = filled<int>(2);
        auto sums = filled<int>(2);
        lock_of_a_block_kernel<<<2, 96>>>(locks.data(), sums.data());
        EXPECT_EQ(sums.download(), std::vector<int>(2, 3));
    });
}

// A warp passes its data to another of the block, and that one passes it to the next block.
__global__ void narrow_then_wide_kernel(int* data, int* flags /* [2, 3] */) {
    int* mine = flags + 3 * blockIdx.x;
    if (threadIdx.x == 0) {
        if (blockIdx.x == 1) {
            while (atomicAdd(&flags[1], 0) == 0) {
            }
        }
        *data += 1;
        __threadfence_block();
        atomicExch_block(&mine[0], 1);
    }
    if (threadIdx.x == 32) {
        while (atomicAdd_block(&mine[0], 0) == 0) {
        }
        *data += 1;
        __threadfence();
        atomicExch(&mine[1], 1);
    }
}

TEST(CleanBlocks, FlagsOfTwoScopes) {
    expect_clean([] {
        auto data = filled<int>(1);
        auto flags = filled<int>(6);
        launch_cooperatively<int*, int*>(narrow_then_wide_kernel, 2, 64, data.data(), flags.data());
        EXPECT_EQ(data.download()[0], 4);
    });
}

// Every thread calls the fence for what it has written itself, and one raises the flag for all.
__global__ void fences_before_a_barrier_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        data[threadIdx.x] = 42;
        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) atomicExch(flag, 1);
    } else {
        if (threadIdx.x == 0) {
            while (atomicAdd(flag, 0) == 0) {
            }
        }
        __syncthreads();
        out[threadIdx.x] = data[63 - threadIdx.x];
    }
}

TEST(CleanBlocks, FencesOfAllThreadsAndOneFlag) {
    expect_clean([] {
        auto data = filled<int>(64);
        auto flag = filled<int>(1);
        auto out = filled<int>(64);
        launch_cooperatively<int*, int*, int*>(fences_before_a_barrier_kernel, 2, 64, data.data(),
                                               flag.data(), out.data());
        EXPECT_EQ(out.download(), std::vector<int>(64, 42));
    });
}

// A barrier of the grid by hand, as before cooperative groups: the last block to come opens it.
__global__ void hand_made_barrier_kernel(int* values /* [rounds + 1, n] */, unsigned* arrived,
                                         volatile unsigned* opened, int rounds) {
    const int n = static_cast<int>(gridDim.x * blockDim.x);
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    for (int round = 0; round < rounds; ++round) {
        const int* from = values + round * n;
        int* to = values + (round + 1) * n;
        to[i] = from[i] + from[(i + 37) % n];
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            if (atomicAdd(arrived, 1u) == gridDim.x - 1) {
                *arrived = 0;
                __threadfence();
                *opened = static_cast<unsigned>(round + 1);
            } else {
                while (*opened < static_cast<unsigned>(round + 1)) __nanosleep(20);
            }
            __threadfence();
        }
        __syncthreads();
    }
}

TEST(CleanBlocks, ABarrierOfTheGridByHand) {
    expect_clean([] {
        auto values = filled<int>(5 * 4 * 64, 1);
        auto arrived = filled<unsigned>(1);
        auto opened = filled<unsigned>(1);
        launch_cooperatively<int*, unsigned*, volatile unsigned*, int>(
            hand_made_barrier_kernel, 4, 64, values.data(), arrived.data(), opened.data(), 4);
        EXPECT_EQ(values.download()[4 * 4 * 64], 16);
    });
}

// The consumer takes the flag down again, and the producer waits for that: a buffer of one element.
__global__ void ping_pong_kernel(int* data, volatile int* flag, int* out) {
    for (int round = 0; round < 3; ++round) {
        if (blockIdx.x == 0) {
            while (*flag != 0) __nanosleep(20);
            __threadfence();
            *data = round;
            __threadfence();
            *flag = 1;
        } else {
            while (*flag == 0) __nanosleep(20);
            __threadfence();
            *out += *data;
            __threadfence();
            *flag = 0;
        }
    }
}

TEST(CleanBlocks, AFlagThatGoesUpAndDown) {
    expect_clean([] {
        auto data = filled<int>(1);
        auto flag = filled<int>(1);
        auto out = filled<int>(1);
        launch_cooperatively<int*, volatile int*, int*>(ping_pong_kernel, 2, 1, data.data(),
                                                        flag.data(), out.data());
        EXPECT_EQ(out.download()[0], 3);
    });
}

__global__ void exchange_kernel(int* words) {
    if (threadIdx.x == 0) atomicExch(&words[blockIdx.x], 1);
    if (threadIdx.x == 32) atomicExch_block(&words[blockIdx.x], 2);
    __syncthreads();
    atomicAdd(&words[blockIdx.x], 1);
}

TEST(CleanBlocks, AnExchangeWritesMemoryThatHoldsNothing) {
    expect_clean([] {
        DeviceBuffer<int> words(2);
        exchange_kernel<<<2, 64>>>(words.data());
    });
}

__global__ void grid_barrier_kernel(int* values, int rounds) {
    const cg::grid_group grid = cg::this_grid();
    const int n = grid.size();
    const int i = grid.thread_rank();
    for (int round = 0; round < rounds; ++round) {
        const int* from = values + round % 2 * n;
        int* to = values + (round + 1) % 2 * n;
        to[i] = from[i] + from[(i + 37) % n];
        grid.sync();
    }
}

TEST(CleanBlocks, ABarrierOfTheGrid) {
    expect_clean([] {
        auto values = filled<int>(2 * 4 * 64, 1);
        launch_cooperatively<int*, int>(grid_barrier_kernel, 4, 64, values.data(), 4);
        EXPECT_EQ(values.download()[0], 16);
    });
}

}  // namespace
}  // namespace t2t::observer
