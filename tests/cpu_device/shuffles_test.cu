// Shuffles: which lane's value arrives, for every width, type and mask.
#include <bit>
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

enum class Kind { index, up, down, exclusive_or };

template <typename T>
__device__ T shuffle(Kind kind, unsigned mask, T value, int operand, int width) {
    switch (kind) {
        case Kind::index:
            return __shfl_sync(mask, value, operand, width);
        case Kind::up:
            return __shfl_up_sync(mask, value, operand, width);
        case Kind::down:
            return __shfl_down_sync(mask, value, operand, width);
        default:
            return __shfl_xor_sync(mask, value, operand, width);
    }
}

// The lane whose value `lane` gets, in the words of the CUDA C++ Programming Guide, "Warp Shuffle
// Functions": the index wraps inside the segment of `width` lanes; up and down leave the lanes at the
// segment's edge unchanged; xor reaches earlier segments but not later ones.
int source_lane(Kind kind, int lane, int operand, int width) {
    int segment = lane / width * width;
    switch (kind) {
        case Kind::index:
            return segment + ((operand % width) + width) % width;
        case Kind::up:
            return lane - operand < segment ? lane : lane - operand;
        case Kind::down:
            return lane + operand >= segment + width ? lane : lane + operand;
        default:
            return (lane ^ operand) >= segment + width ? lane : lane ^ operand;
    }
}

__global__ void shuffle_kernel(int* out /* [32] */, Kind kind, int operand, int width) {
    out[threadIdx.x] = shuffle(kind, full_mask, 100 + int(threadIdx.x), operand, width);
}

// Every operand from `first` to 31, at every width.
void expect_sources_at_every_width(Kind kind, int first) {
    for (int width = 1; width <= 32; width *= 2) {
        for (int operand = first; operand < 32; ++operand) {
            auto values = collect<int>(
                32, [=](int* out) { shuffle_kernel<<<1, 32>>>(out, kind, operand, width); });
            auto expected = tabulate<int>(
                32, [=](int lane) { return 100 + source_lane(kind, lane, operand, width); });
            EXPECT_EQ(values, expected) << "operand " << operand << ", width " << width;
        }
    }
}

TEST(Shuffle, IndexWrapsInsideTheSegment) {
    expect_sources_at_every_width(Kind::index, -3);
}
TEST(Shuffle, UpKeepsTheFirstLanesOfASegment) {
    expect_sources_at_every_width(Kind::up, 0);
}
TEST(Shuffle, DownKeepsTheLastLanesOfASegment) {
    expect_sources_at_every_width(Kind::down, 0);
}
TEST(Shuffle, XorReachesEarlierSegmentsOnly) {
    expect_sources_at_every_width(Kind::exclusive_or, 0);
}

__global__ void default_width_kernel(int* out /* [4, 32] */) {
    int lane = threadIdx.x;
    out[lane] = __shfl_sync(full_mask, lane, 40);
    out[32 + lane] = __shfl_up_sync(full_mask, lane, 1);
    out[64 + lane] = __shfl_down_sync(full_mask, lane, 1);
    out[96 + lane] = __shfl_xor_sync(full_mask, lane, 31);
}

TEST(Shuffle, TheWidthLeftOutIs32) {
    auto values = collect<int>(128, [](int* out) { default_width_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(128, [](int i) {
                  int lane = i % 32;
                  return i < 32   ? 8
                         : i < 64 ? (lane == 0 ? 0 : lane - 1)
                         : i < 96 ? (lane == 31 ? 31 : lane + 1)
                                  : 31 - lane;
              }));
}

// Values whose halves and signs all differ, so that no byte can go missing unnoticed.
template <typename T>
__host__ __device__ T sample(int lane) {
    if constexpr (sizeof(T) == 8) {
        return T(lane % 2 == 0 ? 1 : -1) * (T(lane + 1) * T(0x1'0000'0001LL) + T(77));
    } else {
        return T(lane % 2 == 0 ? 1 : -1) * T(lane * 33 + 5);
    }
}
template <>
__host__ __device__ __half sample(int lane) {
    return __float2half(lane - 11.5f);
}
template <>
__host__ __device__ __half2 sample(int lane) {
    return __floats2half2_rn(lane + 0.5f, -lane);
}
template <>
__host__ __device__ __nv_bfloat16 sample(int lane) {
    return __float2bfloat16(lane - 11.5f);
}
template <>
__host__ __device__ __nv_bfloat162 sample(int lane) {
    return __floats2bfloat162_rn(lane + 0.5f, -lane);
}

template <typename T>
__global__ void typed_kernel(T* out /* [4, 32] */) {
    T value = sample<T>(threadIdx.x);
    out[threadIdx.x] = __shfl_sync(full_mask, value, 5, 8);
    out[32 + threadIdx.x] = __shfl_up_sync(full_mask, value, 3);
    out[64 + threadIdx.x] = __shfl_down_sync(full_mask, value, 2, 16);
    out[96 + threadIdx.x] = __shfl_xor_sync(full_mask, value, 17);
}

template <typename T>
class ShuffleTypes : public testing::Test {};
using Types = testing::Types<int, unsigned, long, unsigned long, long long, unsigned long long,
                             float, double, __half, __half2, __nv_bfloat16, __nv_bfloat162>;
TYPED_TEST_SUITE(ShuffleTypes, Types);

TYPED_TEST(ShuffleTypes, EveryBitArrives) {
    auto values =
        collect<TypeParam>(128, [](TypeParam* out) { typed_kernel<TypeParam><<<1, 32>>>(out); });
    for (int lane = 0; lane < 32; ++lane) {
        int sources[] = {source_lane(Kind::index, lane, 5, 8), source_lane(Kind::up, lane, 3, 32),
                         source_lane(Kind::down, lane, 2, 16),
                         source_lane(Kind::exclusive_or, lane, 17, 32)};
        for (int kind = 0; kind < 4; ++kind) {
            TypeParam expected = sample<TypeParam>(sources[kind]);
            EXPECT_EQ(std::memcmp(&values[32 * kind + lane], &expected, sizeof expected), 0)
                << "lane " << lane << ", kind " << kind;
        }
    }
}

__global__ void masked_kernel(int* out, unsigned mask, Kind kind, int operand, int width) {
    unsigned lane = threadIdx.x % 32;
    if (names(mask, lane)) out[threadIdx.x] = shuffle(kind, mask, int(threadIdx.x), operand, width);
}

// Whether every lane of `mask` asks one of `mask`. The CPU device refuses a shuffle by index or by xor where one does not.
bool stays_inside(unsigned mask, Kind kind, int operand, int width) {
    for (int lane = 0; lane < 32; ++lane) {
        if (names(mask, lane) && !names(mask, source_lane(kind, lane, operand, width)))
            return false;
    }
    return true;
}

void expect_masked_shuffle(unsigned mask, Kind kind, int operand, int width) {
    const bool reaches_out = kind == Kind::up || kind == Kind::down;
    if (!reaches_out && !stays_inside(mask, kind, operand, width)) return;
    auto values = collect<int>(
        64, [=](int* out) { masked_kernel<<<1, 64>>>(out, mask, kind, operand, width); });
    for (int thread = 0; thread < 64; ++thread) {
        int from = source_lane(kind, thread % 32, operand, width);
        if (!names(mask, thread % 32)) {
            EXPECT_EQ(values[thread], -1);
        } else if (names(mask, from)) {  // what an unnamed lane holds is undefined; an H200 gives 0
            EXPECT_EQ(values[thread], thread / 32 * 32 + from)
                << std::hex << mask << std::dec << " kind " << int(kind) << " operand " << operand
                << " width " << width;
        }
    }
}

TEST(Shuffle, OddMasksLeaveTheOtherLanesOut) {
    for (unsigned mask : masks) {
        for (Kind kind : {Kind::index, Kind::up, Kind::down, Kind::exclusive_or}) {
            expect_masked_shuffle(mask, kind, 1, 32);
            expect_masked_shuffle(mask, kind, 2, 32);
            expect_masked_shuffle(mask, kind, 16, 32);
            expect_masked_shuffle(mask, kind, std::countr_zero(mask), 32);
            expect_masked_shuffle(mask, kind, 3, 8);
            expect_masked_shuffle(mask, kind, 5, 16);
        }
    }
}

__global__ void two_branches_kernel(int* out) {
    int lane = threadIdx.x;
    if (lane % 3 == 0) {
        out[lane] = __shfl_sync(0x49249249, 10 * lane, 9);
    } else {
        out[lane] = __shfl_sync(0xb6db6db6, 10 * lane, 31);
        out[lane] += __shfl_sync(0xb6db6db6, lane, 1);
    }
}

TEST(Shuffle, BranchesOfOneWarpShuffleApart) {
    auto values = collect<int>(32, [](int* out) { two_branches_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(32, [](int lane) { return lane % 3 == 0 ? 90 : 311; }));
}

__global__ void after_exits_kernel(int* out, int alive) {
    int lane = threadIdx.x;
    if (lane >= alive) return;
    out[lane] = __shfl_sync(full_mask, 7 * lane, (lane + 1) % alive);
}

TEST(Shuffle, AFullMaskMayNameLanesThatReturned) {
    for (int alive : {1, 2, 17, 31}) {
        auto values =
            collect<int>(32, [=](int* out) { after_exits_kernel<<<1, 32>>>(out, alive); });
        EXPECT_EQ(values, tabulate<int>(32, [=](int lane) {
                      return lane < alive ? 7 * ((lane + 1) % alive) : -1;
                  }));
    }
}

// Lanes 1 to 4 read past the five that are named, as in many a published reduction.
__global__ void sum_of_five_kernel(int* out) {
    int sum = threadIdx.x + 1;
    if (threadIdx.x >= 5) return;
    for (int offset = 4; offset > 0; offset /= 2) sum += __shfl_down_sync(0x1f, sum, offset);
    if (threadIdx.x == 0) *out = sum;
}

TEST(Shuffle, DownGives0PastTheMask) {
    auto values = collect<int>(1, [](int* out) { sum_of_five_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values[0], 1 + 2 + 3 + 4 + 5);  // undefined by CUDA; seen on an H200
}

TEST(Shuffle, WorksInAPartialWarp) {
    auto values = collect<int>(13, [](int* out) { after_exits_kernel<<<1, 13>>>(out, 13); });
    EXPECT_EQ(values, tabulate<int>(13, [](int lane) { return 7 * ((lane + 1) % 13); }));
}

__global__ void gather_kernel(int* out, const int* sources /* [threads] */) {
    out[threadIdx.x] = __shfl_sync(full_mask, int(threadIdx.x * threadIdx.x), sources[threadIdx.x]);
}

TEST(Shuffle, EachLaneMayNameItsOwnSource) {
    auto sources = tabulate<int>(128, [](int thread) { return (thread * 13 + thread / 32) % 32; });
    DeviceBuffer<int> device_sources(sources);
    auto values =
        collect<int>(128, [&](int* out) { gather_kernel<<<1, 128>>>(out, device_sources.data()); });
    EXPECT_EQ(values, tabulate<int>(128, [&](int thread) {
                  int from = thread / 32 * 32 + sources[thread];
                  return from * from;
              }));
}

template <typename T>
__global__ void reduce_and_scan_kernel(T* out /* [3, threads] */) {
    int lane = threadIdx.x % 32;
    T sum = threadIdx.x + 1;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(full_mask, sum, offset);
    T down = threadIdx.x + 1;
    for (int offset = 16; offset > 0; offset /= 2)
        down += __shfl_down_sync(full_mask, down, offset);
    T scan = threadIdx.x + 1;
    for (int offset = 1; offset < 32; offset *= 2) {
        T before = __shfl_up_sync(full_mask, scan, offset);
        if (lane >= offset) scan += before;
    }
    out[threadIdx.x] = sum;
    out[blockDim.x + threadIdx.x] = __shfl_sync(full_mask, down, 0);
    out[2 * blockDim.x + threadIdx.x] = scan;
}

template <typename T>
void expect_reductions_and_scan() {
    auto values = collect<T>(3 * 96, [](T* out) { reduce_and_scan_kernel<T><<<1, 96>>>(out); });
    for (int thread = 0; thread < 96; ++thread) {
        int total = 0;
        int before = 0;
        for (int i = thread / 32 * 32; i < thread / 32 * 32 + 32; ++i) {
            total += i + 1;
            if (i <= thread) before += i + 1;
        }
        EXPECT_EQ(values[thread], T(total));
        EXPECT_EQ(values[96 + thread], T(total));
        EXPECT_EQ(values[192 + thread], T(before)) << "thread " << thread;
    }
}

TEST(Shuffle, WarpSumAndScanOfIntegers) {
    expect_reductions_and_scan<int>();
}
TEST(Shuffle, WarpSumAndScanOfFloats) {
    expect_reductions_and_scan<float>();
}
TEST(Shuffle, WarpSumAndScanOfDoubles) {
    expect_reductions_and_scan<double>();
}

}  // namespace
}  // namespace t2t::conformance
