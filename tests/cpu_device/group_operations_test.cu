// What groups do together: reductions, scans, copies, one thread for all; also in tiles of several warps.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cuda_pipeline.h>

#include <algorithm>

#include "tests/cpu_device/conformance.hpp"

namespace cg = cooperative_groups;

namespace t2t::conformance {
namespace {

__host__ __device__ int input(int thread) {
    return thread * 29 % 64 - 20;
}

// Two numbers that go through a scan together. Only what commutes: in which order the two values come to the operation
// is the device's own affair, and an H200's is not that of the ranks.
struct Pair {
    unsigned product, bits;
};
__host__ __device__ Pair joined(Pair one, Pair other) {
    return {one.product * other.product, one.bits ^ other.bits};
}
struct Join {
    __device__ Pair operator()(Pair one, Pair other) const { return joined(one, other); }
};
__host__ __device__ Pair pair(int thread) {
    return {2u * thread + 1, 5u * thread + 3};
}

constexpr int results = 10;

template <typename Group>
__device__ void scan_and_reduce(const Group& group, int* out /* [results] */) {
    const int value = input(threadIdx.x);
    out[0] = cg::inclusive_scan(group, value);
    out[1] = cg::exclusive_scan(group, value);
    out[2] = cg::inclusive_scan(group, value, cg::less<int>());
    out[3] = cg::exclusive_scan(group, value, cg::greater<int>());
    out[4] = cg::reduce(group, value, cg::plus<int>());
    out[5] = cg::reduce(group, value, cg::bit_xor<int>());
    const Pair through = cg::inclusive_scan(group, pair(threadIdx.x), Join());
    out[6] = through.product;
    out[7] = through.bits;
    out[8] = cg::reduce(group, value, cg::greater<int>());
    out[9] = cg::reduce(group, value, [](int a, int b) { return a < b ? a : b; });
}

std::vector<int> scanned(int first, int rank, int size) {
    int sum = 0, before = 0, least = input(first), most = 0, total = 0, bits = 0;
    int smallest = input(first), largest = input(first);
    Pair through = pair(first);
    for (int i = 0; i < size; ++i) {
        const int value = input(first + i);
        if (i < rank) before += value;
        if (i < rank) most = i == 0 ? value : std::max(most, value);
        if (i <= rank) sum += value;
        if (i <= rank) least = std::min(least, value);
        if (i > 0 && i <= rank) through = joined(through, pair(first + i));
        total += value;
        bits ^= value;
        smallest = std::min(smallest, value);
        largest = std::max(largest, value);
    }
    return {sum,     before,  least, most, total, bits, int(through.product), int(through.bits),
            largest, smallest};
}

template <unsigned Size>
__global__ void tile_kernel(int* out) {
    __shared__ cg::block_tile_memory<512> memory;
    const auto block = cg::this_thread_block(memory);
    scan_and_reduce(cg::tiled_partition<Size>(block), out + results * threadIdx.x);
}

template <typename Size>
class TileOperations : public testing::Test {};
using Sizes =
    testing::Types<std::integral_constant<unsigned, 1>, std::integral_constant<unsigned, 8>,
                   std::integral_constant<unsigned, 32>, std::integral_constant<unsigned, 64>,
                   std::integral_constant<unsigned, 128>, std::integral_constant<unsigned, 512>>;
TYPED_TEST_SUITE(TileOperations, Sizes);

TYPED_TEST(TileOperations, ScanAndReduceInRankOrder) {
    constexpr int size = TypeParam::value;
    const auto values =
        collect<int>(512 * results, [](int* out) { tile_kernel<size><<<1, 512>>>(out); });
    for (int thread = 0; thread < 512; ++thread) {
        EXPECT_EQ(std::vector(&values[results * thread], &values[results * thread] + results),
                  scanned(thread / size * size, thread % size, size))
            << "thread " << thread;
    }
}

__global__ void coalesced_kernel(int* out /* [2, 32] */) {
    if (threadIdx.x % 3 != 1) return;
    const cg::coalesced_group some = cg::coalesced_threads();
    out[threadIdx.x] = cg::exclusive_scan(some, 1);
    out[32 + threadIdx.x] = cg::reduce(some, int(threadIdx.x), cg::plus<int>());
}

TEST(CoalescedOperations, CountTheGroupAlone) {
    const auto values = collect<int>(64, [](int* out) { coalesced_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(64, [](int i) {
                  const int lane = i % 32;  // of 1, 4, …, 31: eleven lanes, whose sum is 176
                  return lane % 3 != 1 ? -1 : i < 32 ? lane / 3 : 176;
              }));
}

__global__ void wide_kernel(int* out /* [256, 6] */) {
    __shared__ cg::block_tile_memory<256> memory;
    __shared__ int shared[256];
    const auto tile = cg::tiled_partition<128>(cg::this_thread_block(memory));
    int* mine = out + 6 * threadIdx.x;
    mine[0] = tile.thread_rank();
    mine[1] = tile.meta_group_rank();
    mine[2] = tile.shfl(int(threadIdx.x), 77);
    mine[3] = tile.any(threadIdx.x == 200);
    mine[4] = tile.all(threadIdx.x < 128);
    mine[5] = 0;
    for (int round = 0; round < 4; ++round) {  // a barrier that is passed again and again
        shared[threadIdx.x] = round * int(threadIdx.x);
        tile.sync();
        mine[5] += shared[threadIdx.x ^ 127];
        tile.sync();
    }
}

TEST(WideTiles, ExchangeAndSynchronise) {
    const auto values = collect<int>(256 * 6, [](int* out) { wide_kernel<<<1, 256>>>(out); });
    EXPECT_EQ(values, tabulate<int>(256 * 6, [](int i) {
                  const int thread = i / 6, tile = thread / 128;
                  const int expected[] = {thread % 128, tile,      128 * tile + 77,
                                          tile == 1,    tile == 0, 6 * (thread ^ 127)};
                  return expected[i % 6];
              }));
}

__global__ void copy_kernel(const float* in /* [2, n] */, float* out /* [n] */, int n) {
    extern __shared__ float tile[];  // [2, n]
    const auto block = cg::this_thread_block();
    cg::memcpy_async(block, tile, in, sizeof(float) * n);
    cg::memcpy_async(block, tile + n, in + n, sizeof(float) * n);
    cg::wait_prior<1>(block);
    const float first = int(threadIdx.x) < n ? tile[n - 1 - threadIdx.x] : 0;
    cg::wait(block);
    if (int(threadIdx.x) < n) out[threadIdx.x] = first + 1000 * tile[n + threadIdx.x];
}

TEST(GroupCopies, ArriveAtTheWait) {
    for (const int n : {1, 31, 100, 128}) {
        const DeviceBuffer<float> in(tabulate<float>(2 * n, [](int i) { return i; }));
        const auto out = collect<float>(n, [&](float* values) {
            copy_kernel<<<1, 128, 2 * n * sizeof(float)>>>(in.data(), values, n);
        });
        EXPECT_EQ(out, tabulate<float>(n, [=](int i) { return n - 1 - i + 1000 * (n + i); }));
    }
}

__global__ void pipeline_kernel(const float4* in /* [2, 32] */, float4* out /* [32] */) {
    __shared__ float4 tile[2][32];
    for (int batch = 0; batch < 2; ++batch) {
        __pipeline_memcpy_async(&tile[batch][threadIdx.x], in + 32 * batch + threadIdx.x,
                                sizeof(float4), batch == 0 ? 0 : 8);
        __pipeline_commit();
    }
    __pipeline_wait_prior(1);
    const float first = tile[0][threadIdx.x].w;
    __pipeline_wait_prior(0);
    const float4 second = tile[1][threadIdx.x];
    out[threadIdx.x] = make_float4(first, second.x, second.y, second.z + second.w);
}

TEST(Pipelines, ArriveBatchByBatch) {
    const DeviceBuffer<float> in(tabulate<float>(256, [](int i) { return i; }));
    const auto out = collect<float>(128, [&](float* values) {
        pipeline_kernel<<<1, 32>>>(reinterpret_cast<const float4*>(in.data()),
                                   reinterpret_cast<float4*>(values));
    });
    EXPECT_EQ(out, tabulate<float>(128, [](int i) {
                  const int first = i / 4 * 4;  // the second batch's last 8 bytes are zeros
                  const int expected[] = {first + 3, 128 + first, 128 + first + 1, 0};
                  return expected[i % 4];
              }));
}

__global__ void one_kernel(int* out /* [33] */) {
    const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    cg::invoke_one(
        warp, [=](int more) { atomicAdd(out + 32, more); }, 5);
    out[threadIdx.x] = cg::invoke_one_broadcast(warp, [] { return 77; });
}

TEST(InvokeOne, OneThreadActsForAll) {
    const auto values = collect<int>(33, [](int* out) { one_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(33, [](int i) { return i < 32 ? 77 : -1 + 5; }));
}

__global__ void halves_kernel(int* out) {
    __shared__ int value;
    const cg::thread_block block = cg::this_thread_block();
    if (block.thread_rank() == 63) value = 42;
    auto token = block.barrier_arrive();
    block.barrier_wait(std::move(token));
    out[threadIdx.x] = value;
}

TEST(Barriers, ComeInTwoHalves) {
    EXPECT_EQ(collect<int>(64, [](int* out) { halves_kernel<<<1, 64>>>(out); }),
              std::vector<int>(64, 42));
}

}  // namespace
}  // namespace t2t::conformance
