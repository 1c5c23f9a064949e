// Barriers of a block and of a warp, their voting forms, and fences between blocks.
#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void tree_sum_kernel(int* out /* [blocks] */) {
    __shared__ int partial[1024];
    int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    int threads = blockDim.x * blockDim.y * blockDim.z;
    partial[thread] = thread + 1;
    __syncthreads();
    for (int width = 512; width > 0; width /= 2) {
        if (thread < width && thread + width < threads) partial[thread] += partial[thread + width];
        __syncthreads();
    }
    if (thread == 0) out[blockIdx.x] = partial[0];
}

TEST(Barriers, ATreeSumIsRightForEveryBlockSize) {
    for (int threads : {1, 2, 31, 32, 33, 64, 100, 255, 256, 511, 1023, 1024}) {
        auto sums = collect<int>(3, [&](int* out) { tree_sum_kernel<<<3, threads>>>(out); });
        EXPECT_EQ(sums, std::vector<int>(3, threads * (threads + 1) / 2)) << threads << " threads";
    }
}

TEST(Barriers, HoldThreeDimensionalBlocks) {
    auto sums = collect<int>(2, [](int* out) { tree_sum_kernel<<<2, dim3(7, 5, 9)>>>(out); });
    EXPECT_EQ(sums, std::vector<int>(2, 315 * 316 / 2));
}

__global__ void voting_barriers_kernel(int* out /* [threads, 3] */, int modulus, int bound) {
    int predicate = int(threadIdx.x) % modulus < bound ? 4 : 0;  // any value but 0 is true
    out[3 * threadIdx.x] = __syncthreads_count(predicate);
    out[3 * threadIdx.x + 1] = __syncthreads_and(predicate) != 0;
    out[3 * threadIdx.x + 2] = __syncthreads_or(predicate) != 0;
}

void expect_votes_of_block(int threads, int modulus, int bound) {
    int count = 0;
    for (int thread = 0; thread < threads; ++thread) count += thread % modulus < bound;
    std::vector<int> expected;
    for (int thread = 0; thread < threads; ++thread) {
        expected.insert(expected.end(), {count, count == threads, count > 0});
    }
    auto votes = collect<int>(3 * threads, [=](int* out) {
        voting_barriers_kernel<<<1, threads>>>(out, modulus, bound);
    });
    EXPECT_EQ(votes, expected) << threads << " threads, thread % " << modulus << " < " << bound;
}

TEST(Barriers, CountAndOrAgreeWithALoopOverTheBlock) {
    expect_votes_of_block(96, 3, 1);
    expect_votes_of_block(100, 7, 5);
    expect_votes_of_block(64, 1, 1);
    expect_votes_of_block(64, 1, 0);
    expect_votes_of_block(33, 33, 32);
    expect_votes_of_block(1024, 1024, 1);
    expect_votes_of_block(1, 1, 1);
}

__global__ void count_down_kernel(int* out /* [blocks, rounds] */, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        int count = __syncthreads_count(int(threadIdx.x) >= 10 * round + int(blockIdx.x));
        if (threadIdx.x == blockDim.x - 1) out[blockIdx.x * rounds + round] = count;
    }
}

TEST(Barriers, CountStartsAfreshEveryTime) {
    auto counts = collect<int>(8 * 12, [](int* out) { count_down_kernel<<<8, 128>>>(out, 12); });
    EXPECT_EQ(counts, tabulate<int>(8 * 12, [](int i) { return 128 - 10 * (i % 12) - i / 12; }));
}

// Threads for which `leaves` is true return before the barriers; the others pass two of them.
template <typename Leaves>
__device__ void exchange_after_exits(int* out, Leaves leaves) {
    __shared__ int values[128];
    values[threadIdx.x] = -5;
    if (leaves(threadIdx.x)) return;
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    int neighbour = values[(threadIdx.x + 2) % 128];
    int alive = __syncthreads_count(1);
    out[threadIdx.x] = 1000 * alive + neighbour;
}

struct UpperWarps {
    __host__ __device__ bool operator()(int thread) const { return thread >= 64; }
};
struct OddThreads {
    __host__ __device__ bool operator()(int thread) const { return thread % 2 == 1; }
};

template <typename Leaves>
__global__ void exits_kernel(int* out) {
    exchange_after_exits(out, Leaves{});
}

template <typename Leaves>
void expect_barriers_ignore_exited_threads() {
    auto values = collect<int>(128, [](int* out) { exits_kernel<Leaves><<<1, 128>>>(out); });
    for (int thread = 0; thread < 128; ++thread) {
        if (Leaves{}(thread)) {
            EXPECT_EQ(values[thread], -1);
        } else if (!Leaves{}((thread + 2) % 128)) {
            EXPECT_EQ(values[thread], 64'000 + (thread + 2) % 128) << "thread " << thread;
        }
    }
}

TEST(Barriers, DoNotWaitForWarpsThatReturned) {
    expect_barriers_ignore_exited_threads<UpperWarps>();
}
TEST(Barriers, DoNotWaitForLanesThatReturned) {
    expect_barriers_ignore_exited_threads<OddThreads>();
}

__global__ void late_exit_kernel(int* out) {
    __shared__ int arrived;
    if (threadIdx.x == 0) arrived = 0;
    __syncthreads();
    if (threadIdx.x % 3 == 0) {
        atomicAdd(&arrived, 1);
        return;  // after some others may already wait below
    }
    __syncthreads();
    out[threadIdx.x] = __syncthreads_or(threadIdx.x == 1);
}

TEST(Barriers, AreCompletedByThreadsThatReturn) {
    auto values = collect<int>(96, [](int* out) { late_exit_kernel<<<1, 96>>>(out); });
    for (int thread = 0; thread < 96; ++thread) {
        EXPECT_EQ(values[thread] > 0, thread % 3 != 0) << "thread " << thread;
    }
}

__global__ void warp_barrier_kernel(int* out, unsigned mask) {
    __shared__ int values[64];
    unsigned lane = threadIdx.x % 32;
    int* warp = values + threadIdx.x / 32 * 32;
    warp[lane] = -7;
    __syncwarp();
    if (!names(mask, lane)) return;
    warp[lane] = threadIdx.x;
    __syncwarp(mask);
    unsigned from = lane;
    do {
        from = (from + 1) % 32;
    } while (!names(mask, from));
    out[threadIdx.x] = warp[from];
}

TEST(Barriers, SyncwarpOrdersTheLanesThatItsMaskNames) {
    for (unsigned mask : masks) {
        auto values =
            collect<int>(64, [=](int* out) { warp_barrier_kernel<<<1, 64>>>(out, mask); });
        EXPECT_EQ(values, tabulate<int>(64,
                                        [=](int thread) {
                                            if (!names(mask, thread % 32)) return -1;
                                            int from = (thread + 1) % 32;
                                            while (!names(mask, from)) from = (from + 1) % 32;
                                            return thread / 32 * 32 + from;
                                        }))
            << std::hex << mask;
    }
}

__global__ void two_halves_kernel(int* out) {
    __shared__ int values[32];
    int lane = threadIdx.x;
    if (lane < 16) {
        for (int step = 0; step < 3; ++step) {
            values[lane] = 10 * step + lane;
            __syncwarp(0x0000ffff);
            out[lane] = values[lane ^ 15];
            __syncwarp(0x0000ffff);
        }
    } else {
        values[lane] = 100 + lane;
        __syncwarp(0xffff0000);
        out[lane] = values[lane ^ 15];
    }
}

TEST(Barriers, HalvesOfAWarpSynchroniseApart) {
    auto values = collect<int>(32, [](int* out) { two_halves_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(32, [](int lane) {
                  return lane < 16 ? 20 + (lane ^ 15) : 100 + (lane ^ 15);
              }));
}

__global__ void partial_warp_kernel(int* out) {
    __shared__ int values[32];
    values[threadIdx.x] = threadIdx.x;
    __syncwarp();
    out[threadIdx.x] = values[(threadIdx.x + 1) % blockDim.x];
}

TEST(Barriers, SyncwarpWorksInABlockOfSevenThreads) {
    auto values = collect<int>(7, [](int* out) { partial_warp_kernel<<<1, 7>>>(out); });
    EXPECT_EQ(values, (std::vector<int>{1, 2, 3, 4, 5, 6, 0}));
}

__global__ void last_block_sum_kernel(const int* values, int n, int* partial /* [blocks] */,
                                      unsigned* finished, int* total) {
    __shared__ int sum;
    __shared__ bool is_last;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        atomicAdd(&sum, values[i]);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
        __threadfence();  // the partial sum is visible before the count says so
        is_last = atomicAdd(finished, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last || threadIdx.x != 0) return;
    __threadfence();
    int all = 0;
    for (unsigned block = 0; block < gridDim.x; ++block) {
        all += static_cast<volatile int*>(partial)[block];
    }
    *total = all;
}

TEST(Barriers, TheLastBlockSeesWhatAllOthersWrote) {
    int n = 50'000;
    DeviceBuffer<int> values(tabulate<int>(n, [](int i) { return i % 101 - 17; }));
    DeviceBuffer<int> partial(97);
    int expected = 0;
    for (int value : values.download()) expected += value;
    for (int repeat = 0; repeat < 20; ++repeat) {
        DeviceBuffer<unsigned> finished(std::vector<unsigned>{0});
        auto total = collect<int>(1, [&](int* out) {
            last_block_sum_kernel<<<97, 128>>>(values.data(), n, partial.data(), finished.data(),
                                               out);
        });
        ASSERT_EQ(total[0], expected);
    }
}

// Blocks take tile numbers in the order in which they start, so a block only ever waits for one that
// already runs: the pattern of a scan with look-back.
__global__ void chained_sum_kernel(int* out /* [tiles] */, unsigned* next_tile, int* ready) {
    __shared__ unsigned tile;
    if (threadIdx.x == 0) tile = atomicAdd(next_tile, 1u);
    __syncthreads();
    if (threadIdx.x != 0) return;
    int before = 0;
    if (tile > 0) {
        while (atomicAdd(&ready[tile - 1], 0) == 0) {
        }
        __threadfence();
        before = static_cast<volatile int*>(out)[tile - 1];
    }
    out[tile] = before + int(tile);
    __threadfence();
    atomicExch(&ready[tile], 1);
}

TEST(Barriers, ABlockWaitsForItsPredecessor) {
    int tiles = 300;
    DeviceBuffer<unsigned> next_tile(std::vector<unsigned>{0});
    DeviceBuffer<int> ready(std::vector<int>(tiles, 0));
    auto sums = collect<int>(tiles, [&](int* out) {
        chained_sum_kernel<<<tiles, 64>>>(out, next_tile.data(), ready.data());
    });
    EXPECT_EQ(sums, tabulate<int>(tiles, [](int tile) { return tile * (tile + 1) / 2; }));
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

TEST(Barriers, AWarpHandsAValueToAnotherThroughAFence) {
    auto value = collect<int>(1, [](int* out) { hand_over_kernel<<<1, 64>>>(out); });
    EXPECT_EQ(value[0], 42);
}

}  // namespace
}  // namespace t2t::conformance
