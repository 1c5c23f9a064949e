// Cooperative groups: blocks, tiles of a warp, the lanes that run together, the whole grid.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include "tests/cpu_device/conformance.hpp"

namespace cg = cooperative_groups;

namespace t2t::conformance {
namespace {

__global__ void block_kernel(unsigned* out /* [threads, 8] */) {
    cg::thread_block block = cg::this_thread_block();
    unsigned thread = block.thread_rank();
    dim3 index = block.thread_index();
    dim3 group = block.group_index();
    dim3 size = block.dim_threads();
    unsigned values[] = {
        thread, unsigned(block.size()), block.num_threads(), index.x, index.y, index.z, group.y,
        size.y};
    for (int i = 0; i < 8; ++i) out[8 * thread + i] = values[i];
}

TEST(CooperativeGroups, ABlockKnowsItsThreads) {
    dim3 block(5, 3, 2);
    auto values =
        collect<unsigned>(30 * 8, [=](unsigned* out) { block_kernel<<<1, block>>>(out); });
    for (unsigned thread = 0; thread < 30; ++thread) {
        std::vector<unsigned> expected{thread,         30,          30, thread % 5,
                                       thread / 5 % 3, thread / 15, 0,  3};
        EXPECT_EQ(std::vector(&values[8 * thread], &values[8 * thread] + 8), expected);
    }
}

__device__ int sum_over(cg::thread_block block, int* scratch, int value) {
    scratch[block.thread_rank()] = value;
    block.sync();
    int sum = 0;
    for (unsigned i = 0; i < block.size(); ++i) sum += scratch[i];
    cg::sync(block);
    return sum;
}

__global__ void block_sync_kernel(int* out) {
    __shared__ int scratch[200];
    auto block = cg::this_thread_block();
    int first = sum_over(block, scratch, threadIdx.x);
    out[threadIdx.x] = sum_over(block, scratch, first);
}

TEST(CooperativeGroups, ABlockSynchronises) {
    auto sums = collect<int>(200, [](int* out) { block_sync_kernel<<<1, 200>>>(out); });
    EXPECT_EQ(sums, std::vector<int>(200, 200 * 19'900));
}

template <unsigned Size>
__global__ void tile_ranks_kernel(unsigned* out /* [threads, 4] */) {
    auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
    unsigned values[] = {unsigned(tile.thread_rank()), unsigned(tile.size()),
                         unsigned(tile.meta_group_rank()), unsigned(tile.meta_group_size())};
    for (int i = 0; i < 4; ++i) out[4 * threadIdx.x + i] = values[i];
}

template <unsigned Size>
__global__ void tile_shuffles_kernel(int* out /* [threads, 4] */) {
    auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
    int value = 10 * threadIdx.x;
    out[4 * threadIdx.x] = tile.shfl(value, Size / 2);
    out[4 * threadIdx.x + 1] = tile.shfl_up(value, 1);
    out[4 * threadIdx.x + 2] = tile.shfl_down(value, 1);
    out[4 * threadIdx.x + 3] = tile.shfl_xor(value, Size / 2);
}

template <unsigned Size>
__global__ void tile_votes_kernel(unsigned* out /* [threads, 5] */) {
    auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
    int warp_thread = threadIdx.x % 32;
    int agreed = 0;
    out[5 * threadIdx.x] = tile.any(warp_thread == 9);
    out[5 * threadIdx.x + 1] = tile.all(warp_thread < 24);
    out[5 * threadIdx.x + 2] = tile.ballot(warp_thread % 3 == 0);
    out[5 * threadIdx.x + 3] = tile.match_any(warp_thread / 4);
    unsigned all = tile.match_all(warp_thread / 8, agreed);
    out[5 * threadIdx.x + 4] = agreed ? all : 0;
}

template <typename Tile>
class Tiles : public testing::Test {};
using TileSizes =
    testing::Types<std::integral_constant<unsigned, 1>, std::integral_constant<unsigned, 2>,
                   std::integral_constant<unsigned, 4>, std::integral_constant<unsigned, 8>,
                   std::integral_constant<unsigned, 16>, std::integral_constant<unsigned, 32>>;
TYPED_TEST_SUITE(Tiles, TileSizes);

TYPED_TEST(Tiles, KnowTheirRanksAndSizes) {
    constexpr unsigned size = TypeParam::value;
    auto values =
        collect<unsigned>(96 * 4, [](unsigned* out) { tile_ranks_kernel<size><<<1, 96>>>(out); });
    EXPECT_EQ(values, tabulate<unsigned>(96 * 4, [](int i) {
                  unsigned thread = i / 4;
                  unsigned expected[] = {thread % size, size, thread / size, 96 / size};
                  return expected[i % 4];
              }));
}

TYPED_TEST(Tiles, ShuffleWithinTheTile) {
    constexpr int size = TypeParam::value;
    auto values =
        collect<int>(96 * 4, [](int* out) { tile_shuffles_kernel<size><<<1, 96>>>(out); });
    EXPECT_EQ(values, tabulate<int>(96 * 4, [](int i) {
                  int thread = i / 4;
                  int rank = thread % size;
                  int first = thread - rank;
                  int sources[] = {first + size / 2, rank == 0 ? thread : thread - 1,
                                   rank == size - 1 ? thread : thread + 1,
                                   first + (rank ^ (size / 2))};
                  return 10 * sources[i % 4];
              }));
}

TYPED_TEST(Tiles, VoteWithinTheTile) {
    constexpr int size = TypeParam::value;
    auto values =
        collect<unsigned>(64 * 5, [](unsigned* out) { tile_votes_kernel<size><<<1, 64>>>(out); });
    for (int thread = 0; thread < 64; ++thread) {
        int first = thread % 32 / size * size;  // in the warp
        unsigned any = 0, all = 1, ballot = 0, equal = 0, everyone = 0;
        bool agreed = true;
        for (int rank = 0; rank < size; ++rank) {
            int other = first + rank;
            any |= other == 9;
            all &= other < 24;
            ballot |= unsigned(other % 3 == 0) << rank;
            equal |= unsigned(other / 4 == thread % 32 / 4) << rank;
            everyone |= 1u << rank;
            agreed &= other / 8 == first / 8;
        }
        std::vector<unsigned> expected{any, all, ballot, equal, agreed ? everyone : 0};
        EXPECT_EQ(std::vector(&values[5 * thread], &values[5 * thread] + 5), expected)
            << "thread " << thread;
    }
}

template <unsigned Size>
__global__ void tile_reduce_kernel(int* out /* [threads, 4] */) {
    auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
    int value = (threadIdx.x * 29 % 64) - 20;
    out[4 * threadIdx.x] = cg::reduce(tile, value, cg::plus<int>());
    out[4 * threadIdx.x + 1] = cg::reduce(tile, value, cg::less<int>());
    out[4 * threadIdx.x + 2] = int(cg::reduce(tile, 0.5f * value, cg::greater<float>()) * 2);
    out[4 * threadIdx.x + 3] = cg::reduce(tile, 1 << (value & 31), cg::bit_or<int>());
}

TYPED_TEST(Tiles, ReduceOverTheTile) {
    constexpr int size = TypeParam::value;
    auto values = collect<int>(96 * 4, [](int* out) { tile_reduce_kernel<size><<<1, 96>>>(out); });
    for (int thread = 0; thread < 96; ++thread) {
        int sum = 0, least = 1000, most = -1000, bits = 0;
        for (int other = thread / size * size; other < thread / size * size + size; ++other) {
            int value = other * 29 % 64 - 20;
            sum += value;
            least = std::min(least, value);
            most = std::max(most, value);
            bits |= 1 << (value & 31);
        }
        std::vector<int> expected{sum, least, most, bits};
        EXPECT_EQ(std::vector(&values[4 * thread], &values[4 * thread] + 4), expected)
            << "thread " << thread;
    }
}

template <unsigned Size>
__global__ void tile_sync_kernel(int* out) {
    __shared__ int values[96];
    auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
    if (threadIdx.x / Size % 2 == 1) return;  // every other tile is not there
    values[threadIdx.x] = threadIdx.x;
    tile.sync();
    out[threadIdx.x] = values[threadIdx.x - tile.thread_rank() + (tile.thread_rank() + 1) % Size];
}

TYPED_TEST(Tiles, SynchroniseAlone) {
    constexpr int size = TypeParam::value;
    auto values = collect<int>(96, [](int* out) { tile_sync_kernel<size><<<1, 96>>>(out); });
    EXPECT_EQ(values, tabulate<int>(96, [](int thread) {
                  int first = thread / size * size;
                  return thread / size % 2 == 1 ? -1 : first + (thread + 1) % size;
              }));
}

template <typename Group>
__device__ float group_sum(Group group, float value) {
    for (int offset = group.size() / 2; offset > 0; offset /= 2) {
        value += group.shfl_down(value, offset);
    }
    return group.shfl(value, 0);
}

__global__ void nested_tiles_kernel(float* out /* [2, 64] */) {
    auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    auto quarter = cg::tiled_partition<8>(warp);
    out[threadIdx.x] = group_sum(warp, float(threadIdx.x));
    out[64 + threadIdx.x] =
        group_sum(quarter, float(threadIdx.x)) + 1000 * quarter.meta_group_rank();
}

TEST(CooperativeGroups, TilesArePassedToFunctionsAndPartitionedAgain) {
    auto sums = collect<float>(128, [](float* out) { nested_tiles_kernel<<<1, 64>>>(out); });
    EXPECT_EQ(sums, tabulate<float>(128, [](int i) {
                  int thread = i % 64;
                  int size = i < 64 ? 32 : 8;
                  int first = thread / size * size;
                  int sum = size * first + size * (size - 1) / 2;
                  return i < 64 ? sum : sum + 1000 * (thread % 32 / 8);
              }));
}

// How many groups the lanes of a branch form is not defined; that each lane is in one group is.
__global__ void coalesced_kernel(int* count, int* sum) {
    if (threadIdx.x % 3 == 1) return;
    cg::coalesced_group group = cg::coalesced_threads();
    if (group.thread_rank() == 0) atomicAdd(count, int(group.size()));
    int first = group.shfl(int(threadIdx.x), 0);
    if (group.all(1)) atomicAdd(sum, int(threadIdx.x) + 0 * first);
    group.sync();
}

TEST(CooperativeGroups, CoalescedThreadsCoverTheBranch) {
    DeviceBuffer<int> out(std::vector<int>{0, 0});
    coalesced_kernel<<<1, 90>>>(out.data(), out.data() + 1);
    T2T_CHECK(cudaDeviceSynchronize());
    int sum = 0;
    for (int thread = 0; thread < 90; ++thread) sum += thread % 3 == 1 ? 0 : thread;
    EXPECT_EQ(out.download(), (std::vector<int>{60, sum}));
}

__global__ void grid_kernel(int* values /* [2, threads in the grid] */, int rounds, int* ranks) {
    cg::grid_group grid = cg::this_grid();
    int n = grid.size();
    int i = grid.thread_rank();
    values[i] = i;
    grid.sync();
    for (int round = 0; round < rounds; ++round) {
        const int* from = values + round % 2 * n;
        values[(round + 1) % 2 * n + i] = from[i] + from[(i + 97) % n];
        grid.sync();
    }
    ranks[i] = i;
}

TEST(CooperativeGroups, TheGridSynchronises) {
    if (!attribute(cudaDevAttrCooperativeLaunch)) GTEST_SKIP() << "no cooperative launches";
    int n = 8 * 64;
    int rounds = 9;
    auto expected = tabulate<int>(n, [](int i) { return i; });
    for (int round = 0; round < rounds; ++round) {
        auto from = expected;
        for (int i = 0; i < n; ++i) expected[i] = from[i] + from[(i + 97) % n];
    }
    DeviceBuffer<int> ranks(n);
    auto values = collect<int>(2 * n, [&](int* out) {
        int* rank_data = ranks.data();
        void* arguments[] = {&out, &rounds, &rank_data};
        T2T_CHECK(cudaLaunchCooperativeKernel(grid_kernel, dim3(8), dim3(64), arguments));
    });
    EXPECT_EQ(std::vector(&values[rounds % 2 * n], &values[rounds % 2 * n] + n), expected);
    EXPECT_EQ(ranks.download(), tabulate<int>(n, [](int i) { return i; }));
}

TEST(CooperativeGroups, AGridThatDoesNotFitIsRefused) {
    if (!attribute(cudaDevAttrCooperativeLaunch)) GTEST_SKIP() << "no cooperative launches";
    int* nothing = nullptr;
    int rounds = 0;
    void* arguments[] = {&nothing, &rounds, &nothing};
    EXPECT_EQ(cudaLaunchCooperativeKernel(grid_kernel, dim3(1'000'000), dim3(1024), arguments),
              cudaErrorCooperativeLaunchTooLarge);
    EXPECT_EQ(cudaGetLastError(), cudaErrorCooperativeLaunchTooLarge);
}

}  // namespace
}  // namespace t2t::conformance
