// Passes over the 32 banks of shared memory, each 4 bytes wide, and rounds of atomics.
#include "tests/cpu_device/observer/traffic.hpp"

namespace t2t::observer {
namespace {

void expect_shared(const SharedTraffic& seen, std::uint64_t requests, std::uint64_t passes,
                   std::uint64_t least_passes, std::uint64_t threads) {
    EXPECT_EQ(seen.requests, requests);
    EXPECT_EQ(seen.passes, passes);
    EXPECT_EQ(seen.least_passes, least_passes);
    EXPECT_EQ(seen.conflicts(), passes - least_passes);
    EXPECT_EQ(seen.threads, threads);
}

template <int Columns>
__global__ void column_kernel(const float* in, float* out) {
    __shared__ float tile[32][Columns];
    for (int row = 0; row < 32; ++row) tile[row][threadIdx.x] = in[32 * row + threadIdx.x];
    __syncwarp();
    for (int column = 0; column < 32; ++column) {
        out[32 * column + threadIdx.x] = tile[threadIdx.x][column];
    }
}

template <int Columns>
Traffic column() {
    return traffic_of([] {
        auto in = filled<float>(1024);
        DeviceBuffer<float> out(1024);
        column_kernel<Columns><<<1, 32>>>(in.data(), out.data());
    });
}

// Rows of 32 floats: a column is 32 words of one bank. 32 loads of 32 passes; the stores go by row.
TEST(SharedTraffic, AColumnOfAnUnpaddedTileTakes32Passes) {
    const Traffic traffic = column<32>();
    expect_shared(traffic.shared_load, 32, 32 * 32, 32, 1024);
    expect_shared(traffic.shared_store, 32, 32, 32, 1024);
    EXPECT_EQ(traffic.shared_load.passes_per_request(), 32.0);
    EXPECT_EQ(traffic.shared_load.bytes_asked, 4096u);
}

// Rows of 33 floats: word 33 r + c lies in bank r + c, so a column has a word in each bank.
TEST(SharedTraffic, AColumnOfAPaddedTileTakesOne) {
    expect_shared(column<33>().shared_load, 32, 32, 32, 1024);
}

// Rows of 34: lanes r and r + 16 meet in bank 2 r + c.
TEST(SharedTraffic, PaddingByTwoLeavesPairs) {
    expect_shared(column<34>().shared_load, 32, 64, 32, 1024);
}

template <typename T>
__global__ void strided_kernel(T* out, int stride) {
    extern __shared__ float4 memory[];
    T* values = reinterpret_cast<T*>(memory);
    values[threadIdx.x * stride] = T{};
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x * stride];
}

/// The loads of one warp whose lanes read elements of T, `stride` apart.
template <typename T>
SharedTraffic strided(int stride) {
    return traffic_of([=] {
               DeviceBuffer<T> out(32);
               strided_kernel<T><<<1, 32, 32 * sizeof(T) * (stride + 1)>>>(out.data(), stride);
           })
        .shared_load;
}

// Lanes l and l' meet when stride · (l - l') is a multiple of 32 words: stride / 32 in lowest terms.
TEST(SharedTraffic, StridesOfWords) {
    expect_shared(strided<float>(1), 1, 1, 1, 32);
    expect_shared(strided<float>(2), 1, 2, 1, 32);
    expect_shared(strided<float>(3), 1, 1, 1, 32);
    expect_shared(strided<float>(8), 1, 8, 1, 32);
    expect_shared(strided<float>(32), 1, 32, 1, 32);
}

// A pass moves 128 bytes: 32 lanes of 8 bytes need 2, of 16 bytes 4. That is no conflict.
TEST(SharedTraffic, WideElementsTakeAPassForEach128Bytes) {
    expect_shared(strided<double>(1), 1, 2, 2, 32);
    expect_shared(strided<float2>(1), 1, 2, 2, 32);
    expect_shared(strided<float4>(1), 1, 4, 4, 32);
}

// float4, 32 bytes apart: of the 8 lanes of a quarter warp, l and l + 4 are 128 bytes apart and meet,
// so each quarter takes 2 passes. double, 16 bytes apart: of a half warp's 16 lanes l and l + 8 meet.
TEST(SharedTraffic, WideElementsApartConflict) {
    expect_shared(strided<float4>(2), 1, 8, 4, 32);
    expect_shared(strided<double>(2), 1, 4, 2, 32);
}

// 4 bytes, or 2 halves, of one word are one word.
TEST(SharedTraffic, NarrowElementsShareAWord) {
    expect_shared(strided<unsigned char>(1), 1, 1, 1, 32);
    expect_shared(strided<unsigned short>(1), 1, 1, 1, 32);
    expect_shared(strided<unsigned short>(2), 1, 1, 1, 32);
}

__global__ void broadcast_kernel(float* out) {
    __shared__ float values[2];
    if (threadIdx.x < 2) values[threadIdx.x] = 1;
    __syncthreads();
    out[threadIdx.x] = values[1];
}

// One word for all lanes of each of the 2 warps.
TEST(SharedTraffic, ABroadcastTakesOnePass) {
    const Traffic traffic = traffic_of([] {
        DeviceBuffer<float> out(64);
        broadcast_kernel<<<1, 64>>>(out.data());
    });
    expect_shared(traffic.shared_load, 2, 2, 2, 64);
    expect_shared(traffic.shared_store, 1, 1, 1, 2);
}

// ---- atomics ------------------------------------------------------------------------------------

__global__ void add_kernel(int* sums, int addresses) {
    atomicAdd(&sums[threadIdx.x % addresses], 1);
}

AtomicTraffic global_atomics(int addresses) {
    return traffic_of([=] {
               auto sums = filled<int>(addresses);
               add_kernel<<<2, 64>>>(sums.data(), addresses);
           })
        .global_atomic;
}

void expect_atomic(const AtomicTraffic& seen, std::uint64_t requests, std::uint64_t rounds,
                   std::uint64_t threads) {
    EXPECT_EQ(seen.requests, requests);
    EXPECT_EQ(seen.rounds, rounds);
    EXPECT_EQ(seen.conflicts(), rounds - requests);
    EXPECT_EQ(seen.threads, threads);
}

// 4 warps. 32 lanes on one address go one after the other; on 4 addresses 8 of each.
TEST(AtomicTraffic, LanesOfOneAddressTakeTurns) {
    expect_atomic(global_atomics(1), 4, 4 * 32, 128);
    expect_atomic(global_atomics(4), 4, 4 * 8, 128);
    expect_atomic(global_atomics(64), 4, 4, 128);
}

__global__ void shared_histogram_kernel(const int* in, int* bins) {
    __shared__ int mine[16];
    if (threadIdx.x < 16) mine[threadIdx.x] = 0;
    __syncthreads();
    atomicAdd(&mine[in[threadIdx.x]], 1);
    __syncthreads();
    if (threadIdx.x < 16) bins[threadIdx.x] = mine[threadIdx.x];
}

// The first warp hits one bin, the second each of 16 bins twice.
TEST(AtomicTraffic, SharedMemoryToo) {
    const Traffic traffic = traffic_of([] {
        std::vector<int> values(64, 3);
        for (int i = 32; i < 64; ++i) values[i] = i % 16;
        DeviceBuffer<int> in(values);
        DeviceBuffer<int> bins(16);
        shared_histogram_kernel<<<1, 64>>>(in.data(), bins.data());
    });
    expect_atomic(traffic.shared_atomic, 2, 32 + 2, 64);
    expect_atomic(traffic.global_atomic, 0, 0, 0);
}

}  // namespace
}  // namespace t2t::observer
