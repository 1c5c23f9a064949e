// Which threads run: grids and blocks of one to three dimensions, warps, early return, divergence.
#include <array>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

// Where one thread found itself, and how often its slot was written.
struct Place {
    uint3 thread;
    uint3 block;
    unsigned visits;
};

__global__ void places_kernel(Place* places /* [blocks, threads], zeroed */) {
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    Place& place = places[block * (blockDim.x * blockDim.y * blockDim.z) + thread];
    place.thread = threadIdx;
    place.block = blockIdx;
    atomicAdd(&place.visits, 1u);
}

void expect_every_thread_once(dim3 grid, dim3 block) {
    unsigned threads = block.x * block.y * block.z;
    unsigned blocks = grid.x * grid.y * grid.z;
    auto places = collect<Place>(blocks * threads, [&](Place* out) {
        T2T_CHECK(cudaMemset(out, 0, blocks * threads * sizeof(Place)));
        places_kernel<<<grid, block>>>(out);
    });
    const Place* place = places.data();
    for (unsigned bz = 0; bz < grid.z; ++bz)
        for (unsigned by = 0; by < grid.y; ++by)
            for (unsigned bx = 0; bx < grid.x; ++bx)
                for (unsigned tz = 0; tz < block.z; ++tz)
                    for (unsigned ty = 0; ty < block.y; ++ty)
                        for (unsigned tx = 0; tx < block.x; ++tx, ++place) {
                            std::array expected{tx, ty, tz, bx, by, bz, 1u};
                            std::array actual{place->thread.x, place->thread.y, place->thread.z,
                                              place->block.x,  place->block.y,  place->block.z,
                                              place->visits};
                            ASSERT_EQ(actual, expected);
                        }
}

TEST(Threads, OneDimensionalGrid) {
    expect_every_thread_once(5, 33);
}
TEST(Threads, OneThread) {
    expect_every_thread_once(1, 1);
}
TEST(Threads, TwoDimensionalBlock) {
    expect_every_thread_once(3, dim3(8, 5));
}
TEST(Threads, ThreeDimensionalBlock) {
    expect_every_thread_once(2, dim3(4, 3, 5));
}
TEST(Threads, TwoDimensionalGrid) {
    expect_every_thread_once(dim3(7, 3), 32);
}
TEST(Threads, ThreeDimensionalGridAndBlock) {
    expect_every_thread_once(dim3(2, 3, 4), dim3(5, 2, 3));
}
TEST(Threads, LargestBlockAlongEachAxis) {
    expect_every_thread_once(1, 1024);
    expect_every_thread_once(1, dim3(1, 1024));
    expect_every_thread_once(1, dim3(4, 4, 64));
}
TEST(Threads, LargestGridAlongYAndZ) {
    expect_every_thread_once(dim3(1, 65535), 1);
    expect_every_thread_once(dim3(1, 1, 65535), 1);
}
TEST(Threads, MoreThan65535BlocksAlongX) {
    expect_every_thread_once(70'001, 1);
}

__global__ void dimensions_kernel(unsigned* out) {
    dim3 grid = gridDim;
    dim3 block = blockDim;
    unsigned values[] = {grid.x, grid.y, grid.z, block.x, block.y, block.z, unsigned(warpSize)};
    for (int i = 0; i < 7; ++i) out[i] = values[i];
}

TEST(Threads, DimensionsLeftOutAreOne) {
    auto dimensions =
        collect<unsigned>(7, [](unsigned* out) { dimensions_kernel<<<3, 20>>>(out); });
    EXPECT_EQ(dimensions, (std::vector<unsigned>{3, 1, 1, 20, 1, 1, 32}));
}

TEST(Threads, DimensionsReachTheKernelInTheirOrder) {
    auto dimensions = collect<unsigned>(
        7, [](unsigned* out) { dimensions_kernel<<<dim3(2, 3, 4), dim3(5, 6, 7)>>>(out); });
    EXPECT_EQ(dimensions, (std::vector<unsigned>{2, 3, 4, 5, 6, 7, 32}));
}

__global__ void warp_leaders_kernel(int* out /* [threads] */) {
    int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    out[thread] = __shfl_sync(full_mask, thread, 0);
}

TEST(Threads, WarpsAre32ConsecutiveThreadsCountedAlongXFirst) {
    auto leaders =
        collect<int>(96, [](int* out) { warp_leaders_kernel<<<1, dim3(8, 3, 4)>>>(out); });
    EXPECT_EQ(leaders, tabulate<int>(96, [](int thread) { return thread / 32 * 32; }));
}

TEST(Threads, TheLastWarpOfABlockMayBePartial) {
    auto leaders = collect<int>(75, [](int* out) { warp_leaders_kernel<<<1, dim3(5, 15)>>>(out); });
    EXPECT_EQ(leaders, tabulate<int>(75, [](int thread) { return thread / 32 * 32; }));
}

__global__ void guarded_kernel(int* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    out[i] = i;
}

TEST(Threads, EarlyReturnLeavesTheOthersRunning) {
    auto values = collect<int>(100, [](int* out) { guarded_kernel<<<4, 32>>>(out, 77); });
    EXPECT_EQ(values, tabulate<int>(100, [](int i) { return i < 77 ? i : -1; }));
}

__global__ void grid_stride_kernel(int* out, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        out[i] = 3 * i;
    }
}

TEST(Threads, AGridStrideLoopCoversEveryElement) {
    auto values =
        collect<int>(10'007, [](int* out) { grid_stride_kernel<<<7, 96>>>(out, 10'007); });
    EXPECT_EQ(values, tabulate<int>(10'007, [](int i) { return 3 * i; }));
}

// Steps until n becomes 1 by halving, or by tripling and adding one.
__host__ __device__ int collatz_steps(int n) {
    int steps = 0;
    while (n != 1) {
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        ++steps;
    }
    return steps;
}

__global__ void collatz_kernel(int* out) {
    out[threadIdx.x] = collatz_steps(threadIdx.x + 1);
}

TEST(Threads, LanesLeaveALoopOneByOne) {
    auto steps = collect<int>(128, [](int* out) { collatz_kernel<<<1, 128>>>(out); });
    EXPECT_EQ(steps, tabulate<int>(128, [](int i) { return collatz_steps(i + 1); }));
}

__global__ void branches_kernel(int* out) {
    int lane = threadIdx.x;
    switch (lane % 4) {
        case 0:
            out[lane] = lane;
            break;
        case 1:
            if (lane > 16) {
                out[lane] = -lane;
            } else {
                out[lane] = 100 + lane;
            }
            break;
        case 2:
            out[lane] = 0;
            [[fallthrough]];
        default:
            out[lane] = 1000 + lane;
    }
}

TEST(Threads, LanesOfOneWarpTakeDifferentBranches) {
    auto values = collect<int>(32, [](int* out) { branches_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(32, [](int lane) {
                  if (lane % 4 == 0) return lane;
                  if (lane % 4 == 1) return lane > 16 ? -lane : 100 + lane;
                  return 1000 + lane;
              }));
}

__host__ __device__ int fibonacci(int n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__global__ void local_array_kernel(int* out) {
    int table[16];
    for (int i = 0; i < 16; ++i) table[(i + threadIdx.x) % 16] = i;
    out[threadIdx.x] = table[3] * 1000 + fibonacci(threadIdx.x % 12);
}

TEST(Threads, EachThreadHasItsOwnLocalArrayAndStack) {
    auto values = collect<int>(64, [](int* out) { local_array_kernel<<<1, 64>>>(out); });
    EXPECT_EQ(values, tabulate<int>(64, [](int thread) {
                  return ((3 - thread) & 15) * 1000 + fibonacci(thread % 12);
              }));
}

}  // namespace
}  // namespace t2t::conformance
