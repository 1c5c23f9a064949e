// Groups of which only the common part is known, and groups that are parts of other groups.
#include <cooperative_groups.h>

#include <map>

#include "tests/cpu_device/conformance.hpp"

namespace cg = cooperative_groups;

namespace t2t::conformance {
namespace {

// The textbook's sum over any group, by halves, in a thread_group's own words.
__device__ int sum_over(const cg::thread_group& group, int* scratch, int value) {
    const int rank = static_cast<int>(group.thread_rank());
    for (int i = static_cast<int>(group.size()) / 2; i > 0; i /= 2) {
        scratch[rank] = value;
        group.sync();
        if (rank < i) value += scratch[rank + i];
        group.sync();
    }
    return value;
}

__global__ void any_group_kernel(int* out /* [3] */) {
    __shared__ int scratch[64];
    const cg::thread_block block = cg::this_thread_block();
    const int of_block = sum_over(block, scratch, threadIdx.x);
    if (block.thread_rank() == 0) out[0] = of_block;
    cg::thread_group half = cg::tiled_partition(block, 32);
    const int of_half = sum_over(half, scratch + threadIdx.x / 32 * 32, threadIdx.x);
    if (half.thread_rank() == 0) out[1 + threadIdx.x / 32] = of_half;
}

TEST(ThreadGroups, StandForABlockOrATile) {
    const auto sums = collect<int>(3, [](int* out) { any_group_kernel<<<1, 64>>>(out); });
    EXPECT_EQ(sums, (std::vector<int>{2016, 496, 1520}));
}

__global__ void dynamic_tiles_kernel(unsigned* out /* [threads, 4] */, unsigned size) {
    cg::thread_group tile = cg::tiled_partition(cg::this_thread_block(), size);
    out[4 * threadIdx.x] = static_cast<unsigned>(tile.thread_rank());
    out[4 * threadIdx.x + 1] = static_cast<unsigned>(tile.size());
    cg::thread_group quarter = cg::tiled_partition(tile, size / 4);
    out[4 * threadIdx.x + 2] = static_cast<unsigned>(cg::thread_rank(quarter));
    out[4 * threadIdx.x + 3] = static_cast<unsigned>(quarter.size());
}

TEST(ThreadGroups, AreCutIntoTilesOfASizeKnownAtRunTime) {
    for (unsigned size : {4u, 8u, 16u, 32u}) {
        const auto values = collect<unsigned>(
            96 * 4, [=](unsigned* out) { dynamic_tiles_kernel<<<1, 96>>>(out, size); });
        EXPECT_EQ(
            values, tabulate<unsigned>(96 * 4, [=](int i) {
                const unsigned thread = i / 4;
                const unsigned expected[] = {thread % size, size, thread % (size / 4), size / 4};
                return expected[i % 4];
            }));
    }
}

__global__ void tile_of_tile_kernel(unsigned* out /* [threads, 3] */) {
    const auto half = cg::tiled_partition<16>(cg::this_thread_block());
    const cg::thread_block_tile<4> quarter = cg::tiled_partition<4>(half);
    out[3 * threadIdx.x] = quarter.thread_rank();
    out[3 * threadIdx.x + 1] = quarter.meta_group_rank();
    out[3 * threadIdx.x + 2] = quarter.meta_group_size();
}

TEST(ThreadGroups, TilesAreCutIntoTiles) {
    const auto values =
        collect<unsigned>(64 * 3, [](unsigned* out) { tile_of_tile_kernel<<<1, 64>>>(out); });
    EXPECT_EQ(values, tabulate<unsigned>(64 * 3, [](int i) {
                  const unsigned thread = i / 3;
                  const unsigned expected[] = {thread % 4, thread % 16 / 4, 4};
                  return expected[i % 3];
              }));
}

// What a group of lanes knows, for the threads of `mask`; 8 words for each.
__device__ void describe(const cg::coalesced_group& group, unsigned* out) {
    int equal = -1;
    out[0] = static_cast<unsigned>(group.thread_rank());
    out[1] = static_cast<unsigned>(group.num_threads());
    out[2] = group.shfl(threadIdx.x, 1);
    out[3] = group.shfl_up(threadIdx.x, 1);
    out[4] = group.shfl_down(threadIdx.x, 2);
    out[5] = group.ballot(threadIdx.x % 3 == 0);
    out[6] = group.match_any(threadIdx.x / 8);
    out[7] = group.any(threadIdx.x == 9) + 2 * group.all(threadIdx.x < 24) +
             4 * (group.match_all(threadIdx.x / 16, equal) != 0) + 8 * equal;
}

std::vector<unsigned> described(const std::vector<unsigned>& members, std::size_t rank) {
    const std::size_t count = members.size();
    unsigned threes = 0, neighbours = 0, any = 0, all = 1, equal = 1;
    for (std::size_t i = 0; i < count; ++i) {
        threes |= unsigned(members[i] % 3 == 0) << i;
        neighbours |= unsigned(members[i] / 8 == members[rank] / 8) << i;
        any |= members[i] == 9;
        all &= members[i] < 24;
        equal &= members[i] / 16 == members[0] / 16;
    }
    return {unsigned(rank),
            unsigned(count),
            members[1],
            members[rank == 0 ? 0 : rank - 1],
            members[rank + 2 < count ? rank + 2 : rank],
            threes,
            neighbours,
            any + 2 * all + 4 * equal + 8 * equal};
}

__global__ void coalesced_kernel(unsigned* out /* [32, 8] */, unsigned mask) {
    if ((mask >> threadIdx.x & 1) != 0) describe(cg::coalesced_threads(), out + 8 * threadIdx.x);
}

TEST(CoalescedGroups, AreTheLanesOfABranch) {
    for (const unsigned mask : {full_mask, 0x55555555u, 0x0f0f0f0fu, 0x80000001u, 0xdeadbeefu}) {
        const auto values =
            collect<unsigned>(256, [=](unsigned* out) { coalesced_kernel<<<1, 32>>>(out, mask); });
        std::vector<unsigned> members;
        for (unsigned lane = 0; lane < 32; ++lane) {
            if (names(mask, lane)) members.push_back(lane);
        }
        for (std::size_t rank = 0; rank < members.size(); ++rank) {
            const unsigned* mine = &values[8 * members[rank]];
            EXPECT_EQ(std::vector(mine, mine + 8), described(members, rank)) << "mask " << mask;
        }
    }
}

enum class Partition { label, pointer, predicate, size };

__device__ void describe_part(const cg::coalesced_group& part, unsigned* out /* [10] */) {
    describe(part, out);
    out[8] = part.meta_group_rank();
    out[9] = part.meta_group_size();
}

__global__ void partition_kernel(unsigned* out /* [32, 10] */, Partition kind) {
    const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    const cg::coalesced_group all = cg::coalesced_threads();
    const unsigned label = threadIdx.x * 7 % 5;  // 0, 2, 4, 1, 3, 0, …
    unsigned* mine = out + 10 * threadIdx.x;
    if (kind == Partition::label) describe_part(cg::labeled_partition(warp, label), mine);
    if (kind == Partition::pointer) describe_part(cg::labeled_partition(all, out + label), mine);
    if (kind == Partition::predicate) describe_part(cg::binary_partition(warp, label == 1), mine);
    if (kind == Partition::size) describe_part(cg::tiled_partition(all, 4), mine);
}

TEST(Partitions, NumberTheirGroups) {
    for (const Partition kind :
         {Partition::label, Partition::pointer, Partition::predicate, Partition::size}) {
        const auto values =
            collect<unsigned>(320, [=](unsigned* out) { partition_kernel<<<1, 32>>>(out, kind); });
        // Labels get numbers as they first appear; of two predicates the one that holds is number 1.
        std::map<unsigned, unsigned> number_of_label;
        std::map<unsigned, std::vector<unsigned>> members;  // by the group's number
        std::vector<unsigned> number(32);
        for (unsigned thread = 0; thread < 32; ++thread) {
            const unsigned label = thread * 7 % 5;
            const auto next = static_cast<unsigned>(number_of_label.size());
            number[thread] = kind == Partition::predicate ? label == 1
                             : kind == Partition::size
                                 ? thread / 4
                                 : number_of_label.try_emplace(label, next).first->second;
            members[number[thread]].push_back(thread);
        }
        std::map<unsigned, std::size_t> seen;
        for (unsigned thread = 0; thread < 32; ++thread) {
            auto expected = described(members[number[thread]], seen[number[thread]]++);
            expected.push_back(number[thread]);
            expected.push_back(static_cast<unsigned>(members.size()));
            EXPECT_EQ(std::vector(&values[10 * thread], &values[10 * thread] + 10), expected)
                << "thread " << thread << " of partition " << static_cast<int>(kind);
        }
    }
}

__global__ void agreement_kernel(unsigned* out /* [2] */) {
    const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    const auto all = cg::binary_partition(warp, threadIdx.x < 32);
    if (threadIdx.x == 0) out[0] = all.meta_group_size();
    if (threadIdx.x == 0) out[1] = all.meta_group_rank();
}

TEST(Partitions, OfThreadsThatAgreeAreOneGroup) {
    EXPECT_EQ(collect<unsigned>(2, [](unsigned* out) { agreement_kernel<<<1, 32>>>(out); }),
              (std::vector<unsigned>{1, 0}));
}

__global__ void grid_kernel(unsigned* out /* [threads, 4] */) {
    const cg::grid_group grid = cg::this_grid();
    const auto thread = static_cast<unsigned>(grid.thread_rank());
    const dim3 index = grid.thread_index();
    const dim3 size = grid.dim_threads();
    out[4 * thread] = index.x;
    out[4 * thread + 1] = index.y;
    out[4 * thread + 2] = size.x * 100 + size.y;
    out[4 * thread + 3] = static_cast<unsigned>(grid.num_blocks());
}

TEST(Grids, KnowTheirThreads) {
    const auto values = collect<unsigned>(
        48 * 4, [](unsigned* out) { grid_kernel<<<dim3(2, 3), dim3(4, 2)>>>(out); });
    EXPECT_EQ(values, tabulate<unsigned>(48 * 4, [](int i) {
                  const unsigned block = i / 4 / 8, thread = i / 4 % 8;
                  const unsigned expected[] = {block % 2 * 4 + thread % 4,
                                               block / 2 * 2 + thread / 4, 806, 6};
                  return expected[i % 4];
              }));
}

}  // namespace
}  // namespace t2t::conformance
