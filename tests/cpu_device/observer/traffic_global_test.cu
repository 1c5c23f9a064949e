// Requests and sectors of global memory. A request is one instruction of one warp; a sector is 32
// bytes; allocations begin at a sector.
#include <cuda_bf16.h>

#include "tests/cpu_device/observer/traffic.hpp"

namespace t2t::observer {
namespace {

void expect_global(const GlobalTraffic& seen, std::uint64_t requests, std::uint64_t sectors,
                   std::uint64_t threads, std::uint64_t bytes_asked) {
    EXPECT_EQ(seen.requests, requests);
    EXPECT_EQ(seen.sectors, sectors);
    EXPECT_EQ(seen.threads, threads);
    EXPECT_EQ(seen.bytes_asked, bytes_asked);
    EXPECT_EQ(seen.bytes_moved(), 32 * sectors);
}

template <typename T>
__global__ void copy_kernel(const T* in, T* out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = in[i];
}

/// Copies `n` elements with blocks of `threads`.
template <typename T>
Traffic copy(int n, int threads = 256) {
    return traffic_of([=] {
        auto in = filled<T>(n);
        DeviceBuffer<T> out(n);
        copy_kernel<T><<<(n + threads - 1) / threads, threads>>>(in.data(), out.data(), n);
    });
}

// 1,024 floats: 32 warps, each 32 · 4 = 128 bytes = 4 sectors.
TEST(GlobalTraffic, AnAlignedCopyTakesFourSectorsARequest) {
    const Traffic traffic = copy<float>(1024);
    expect_global(traffic.global_load, 32, 128, 1024, 4096);
    expect_global(traffic.global_store, 32, 128, 1024, 4096);
    EXPECT_EQ(traffic.global_load.sectors_per_request(), 4.0);
    EXPECT_EQ(traffic.global_load.efficiency(), 1.0);
    EXPECT_EQ(traffic.bytes_moved(), 8192u);
}

// A warp moves 32 · sizeof(T) bytes: 32, 64, 256 and 512 of them are 1, 2, 8 and 16 sectors.
TEST(GlobalTraffic, OtherWidths) {
    EXPECT_EQ(copy<unsigned char>(1024).global_load.sectors_per_request(), 1.0);
    EXPECT_EQ(copy<__nv_bfloat16>(1024).global_load.sectors_per_request(), 2.0);
    EXPECT_EQ(copy<double>(1024).global_load.sectors_per_request(), 8.0);
    EXPECT_EQ(copy<float2>(1024).global_load.sectors_per_request(), 8.0);
    expect_global(copy<float4>(1024).global_load, 32, 512, 1024, 16'384);
    expect_global(copy<float4>(1024).global_store, 32, 512, 1024, 16'384);
}

// 100 floats: three full warps, and one of 4 lanes, 16 bytes, 1 sector.
TEST(GlobalTraffic, ATailWarpCountsOnlyTheLanesThatTakePart) {
    expect_global(copy<float>(100).global_load, 4, 3 * 4 + 1, 100, 400);
}

// Blocks of 48 threads: a warp of 32 and one of 16. 96 floats are 2 of each; the second block begins
// at byte 192, so its first warp still covers 4 whole sectors, and the half warps 2 each.
TEST(GlobalTraffic, ABlockThatIsNoMultipleOfAWarp) {
    expect_global(copy<float>(96, 48).global_load, 4, 4 + 2 + 4 + 2, 96, 384);
}

__global__ void shifted_kernel(const float* in, float* out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i + 1 < n) out[i] = in[i + 1];
}

// Warp w reads bytes 128 w + 4 to 128 w + 132: one byte range over 5 sectors. The last of 32 warps
// has 31 lanes and stops at byte 4,096: 4 sectors. Stores stay aligned: 4 sectors, the last also,
// which covers 124 bytes.
TEST(GlobalTraffic, ShiftedByOneFloatTakesFive) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(1024);
        DeviceBuffer<float> out(1024);
        shifted_kernel<<<4, 256>>>(in.data(), out.data(), 1024);
    });
    expect_global(traffic.global_load, 32, 31 * 5 + 4, 1023, 4092);
    expect_global(traffic.global_store, 32, 32 * 4, 1023, 4092);
}

__global__ void strided_kernel(const float* in, float* out, int stride) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = in[i * stride];
}

GlobalTraffic strided(int stride) {
    return traffic_of([=] {
               auto in = filled<float>(128 * stride);
               DeviceBuffer<float> out(128);
               strided_kernel<<<2, 64>>>(in.data(), out.data(), stride);
           })
        .global_load;
}

// 4 warps. A warp spans 128 · stride bytes and touches all its sectors, until each lane has its own:
// from stride 8 (32 bytes) on.
TEST(GlobalTraffic, StridesSpreadAWarpOverUpTo32Sectors) {
    expect_global(strided(2), 4, 4 * 8, 128, 512);
    expect_global(strided(4), 4, 4 * 16, 128, 512);
    expect_global(strided(8), 4, 4 * 32, 128, 512);
    expect_global(strided(33), 4, 4 * 32, 128, 512);
    EXPECT_EQ(strided(2).efficiency(), 0.5);
    EXPECT_EQ(strided(8).efficiency(), 0.125);
}

struct Point {
    float x, y, z;
};
__global__ void field_kernel(const Point* points, float* out) {
    out[threadIdx.x] = points[threadIdx.x].y;
}

// 12 bytes apart: lanes 0 to 31 read bytes 4 to 380 of 384, in 12 sectors, all of them touched.
TEST(GlobalTraffic, AFieldOfAStructureOfTwelveBytes) {
    const Traffic traffic = traffic_of([] {
        auto points = filled<Point>(32);
        DeviceBuffer<float> out(32);
        field_kernel<<<1, 32>>>(points.data(), out.data());
    });
    expect_global(traffic.global_load, 1, 12, 32, 128);
}

__global__ void broadcast_kernel(const float* in, float* out) {
    out[threadIdx.x] = in[0];
}

// All lanes ask for the same 4 bytes: 1 sector, of which 128 bytes are asked.
TEST(GlobalTraffic, ABroadcastTakesOneSector) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(1);
        DeviceBuffer<float> out(64);
        broadcast_kernel<<<1, 64>>>(in.data(), out.data());
    });
    expect_global(traffic.global_load, 2, 2, 64, 256);
    EXPECT_EQ(traffic.global_load.efficiency(), 4.0);
}

__global__ void mirrored_kernel(const float* in, float* out) {
    out[threadIdx.x] = in[31 - threadIdx.x];
}

TEST(GlobalTraffic, TheOrderOfTheLanesDoesNotMatter) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(32);
        DeviceBuffer<float> out(32);
        mirrored_kernel<<<1, 32>>>(in.data(), out.data());
    });
    expect_global(traffic.global_load, 1, 4, 32, 128);
}

__global__ void half_a_warp_kernel(const float* in, float* out) {
    if (threadIdx.x % 32 < 16) out[threadIdx.x] = in[threadIdx.x];
}

// 2 warps of 16 lanes, 64 bytes, 2 sectors each.
TEST(GlobalTraffic, SixteenLanes) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(64);
        DeviceBuffer<float> out(64);
        half_a_warp_kernel<<<1, 64>>>(in.data(), out.data());
    });
    expect_global(traffic.global_load, 2, 4, 32, 128);
}

__global__ void either_side_kernel(const float* a, const float* b, float* out) {
    if (threadIdx.x % 2 == 0) {
        out[threadIdx.x] = 2 * a[threadIdx.x];
    } else {
        out[threadIdx.x] = 3 + b[threadIdx.x];
    }
}

// Each side is a request of its own: 16 lanes, every second float, all 4 sectors.
TEST(GlobalTraffic, ADivergentBranchIsTwoRequests) {
    const Traffic traffic = traffic_of([] {
        auto a = filled<float>(32);
        auto b = filled<float>(32);
        DeviceBuffer<float> out(32);
        either_side_kernel<<<1, 32>>>(a.data(), b.data(), out.data());
    });
    expect_global(traffic.global_load, 2, 8, 32, 128);
}

__global__ void triangle_kernel(const float* in, float* out) {
    float sum = 0;
    for (unsigned i = 0; i <= threadIdx.x; ++i) sum += in[32 * i + threadIdx.x];
    out[threadIdx.x] = sum;
}

// Lane l loads l + 1 times. The i-th time lanes i to 31 take part: floats i to 31 of a row of 128
// bytes, which is 4 sectors for i < 8, then 3, 2, 1.
TEST(GlobalTraffic, ALoopOfWhichLanesLeaveOneByOne) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(32 * 32);
        DeviceBuffer<float> out(32);
        triangle_kernel<<<1, 32>>>(in.data(), out.data());
    });
    expect_global(traffic.global_load, 32, 8 * (4 + 3 + 2 + 1), 32 * 33 / 2, 4 * 32 * 33 / 2);
}

__global__ void local_array_kernel(const int* in, int* out) {
    int values[16];
    for (int i = 0; i < 16; ++i) values[i] = i * in[threadIdx.x];
    out[threadIdx.x] = values[in[threadIdx.x] & 15];
}

// What the compiler keeps on the stack is no traffic. `in` is read once or twice, as it likes.
TEST(GlobalTraffic, LocalArraysDoNotCount) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<int>(32, 5);
        DeviceBuffer<int> out(32);
        local_array_kernel<<<1, 32>>>(in.data(), out.data());
    });
    EXPECT_EQ(traffic.global_load.sectors_per_request(), 4.0);
    EXPECT_LE(traffic.global_load.requests, 17u);
    expect_global(traffic.global_store, 1, 4, 32, 128);
    EXPECT_EQ(traffic.shared_load.requests + traffic.shared_store.requests, 0u);
}

__global__ void same_kilobyte_kernel(const float* in, float* out) {
    const float value = in[threadIdx.x];
    if (threadIdx.x == 0 || value > 1) out[blockIdx.x] = value;
}

// 100 blocks read the same 256 floats: each moves 8 · 4 sectors, but an L2 fetches them once, 1,024
// bytes. 100 stores of 4 bytes, one after the other, keep 400 bytes = 13 sectors = 416 bytes.
TEST(GlobalTraffic, AnL2FetchesTheSameKilobyteOnce) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<float>(256);
        DeviceBuffer<float> out(100);
        same_kilobyte_kernel<<<100, 256>>>(in.data(), out.data());
    });
    expect_global(traffic.global_load, 100 * 8, 100 * 32, 25'600, 102'400);
    expect_global(traffic.global_store, 100, 100, 100, 400);
    EXPECT_EQ(traffic.l2_bytes, 1024u + 416u);
}

}  // namespace
}  // namespace t2t::observer
