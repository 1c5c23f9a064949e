// Atomics: every operation on every type, contended by many blocks, in global and shared memory.
#include <algorithm>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

constexpr int blocks = 600;  // enough that several run at once on either device
constexpr int threads = 96;
constexpr int total = blocks * threads;

template <typename T>
class AtomicAdd : public testing::Test {};
using AddTypes = testing::Types<int, unsigned, unsigned long long, float, double>;
TYPED_TEST_SUITE(AtomicAdd, AddTypes);

template <typename T>
__global__ void tickets_kernel(T* counter, T* tickets /* [threads in the grid] */) {
    tickets[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(counter, T(1));
}

// Each thread must get another ticket: the old values are 0, 1, 2 … in some order.
TYPED_TEST(AtomicAdd, ReturnsEachOldValueOnce) {
    DeviceBuffer<TypeParam> counter(std::vector<TypeParam>{0});
    auto tickets = collect<TypeParam>(
        total, [&](TypeParam* out) { tickets_kernel<<<blocks, threads>>>(counter.data(), out); });
    EXPECT_EQ(counter.download()[0], TypeParam(total));
    std::sort(tickets.begin(), tickets.end());
    EXPECT_EQ(tickets, tabulate<TypeParam>(total, [](int i) { return i; }));
}

template <typename T>
__global__ void histogram_kernel(T* bins /* [16] */) {
    __shared__ T local[16];
    if (threadIdx.x < 16) local[threadIdx.x] = 0;
    __syncthreads();
    atomicAdd(&local[(threadIdx.x * 7 + blockIdx.x) % 16], T(3));
    __syncthreads();
    if (threadIdx.x < 16) atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}

TYPED_TEST(AtomicAdd, HistogramInSharedThenGlobalMemory) {
    std::vector<TypeParam> expected(16, 0);
    for (int block = 0; block < blocks; ++block) {
        for (int thread = 0; thread < threads; ++thread) expected[(thread * 7 + block) % 16] += 3;
    }
    auto bins = collect<TypeParam>(16, [](TypeParam* out) {
        T2T_CHECK(cudaMemset(out, 0, 16 * sizeof(TypeParam)));
        histogram_kernel<<<blocks, threads>>>(out);
    });
    EXPECT_EQ(bins, expected);
}

template <typename T>
__global__ void scoped_add_kernel(T* sums /* [blocks + 1] */) {
    atomicAdd_block(&sums[blockIdx.x], T(threadIdx.x));
    atomicAdd_system(&sums[gridDim.x], T(1));
}

TYPED_TEST(AtomicAdd, BlockAndSystemScopes) {
    auto sums = collect<TypeParam>(blocks + 1, [](TypeParam* out) {
        T2T_CHECK(cudaMemset(out, 0, (blocks + 1) * sizeof(TypeParam)));
        scoped_add_kernel<<<blocks, threads>>>(out);
    });
    EXPECT_EQ(sums, tabulate<TypeParam>(blocks + 1, [](int i) {
                  return i < blocks ? threads * (threads - 1) / 2 : total;
              }));
}

template <typename T>
class AtomicExtremes : public testing::Test {};
using ExtremesTypes = testing::Types<int, unsigned, long long, unsigned long long>;
TYPED_TEST_SUITE(AtomicExtremes, ExtremesTypes);

// Values on both sides of zero; for 64 bits, far outside the range of 32.
template <typename T>
__host__ __device__ T spread(int i) {
    return (T(i) * 37 % 1001 - 400) * (sizeof(T) == 8 ? T(1) << 40 : T(1));
}

template <typename T>
__global__ void extremes_kernel(T* out /* [4]: global min, max, shared min, max */) {
    __shared__ T local[2];
    if (threadIdx.x == 0) local[0] = local[1] = spread<T>(0);
    __syncthreads();
    T value = spread<T>(blockIdx.x * blockDim.x + threadIdx.x);
    atomicMin(&out[0], value);
    atomicMax(&out[1], value);
    atomicMin(&local[0], value);
    atomicMax(&local[1], value);
    __syncthreads();
    if (threadIdx.x != 0) return;
    atomicMin(&out[2], local[0]);
    atomicMax(&out[3], local[1]);
}

TYPED_TEST(AtomicExtremes, MinAndMax) {
    auto values = tabulate<TypeParam>(total, [](int i) { return spread<TypeParam>(i); });
    auto [least, most] = std::minmax_element(values.begin(), values.end());
    DeviceBuffer<TypeParam> out(std::vector<TypeParam>(4, spread<TypeParam>(0)));
    extremes_kernel<<<blocks, threads>>>(out.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(out.download(), (std::vector<TypeParam>{*least, *most, *least, *most}));
}

template <typename T>
class AtomicBits : public testing::Test {};
using BitTypes = testing::Types<int, unsigned, unsigned long long>;
TYPED_TEST_SUITE(AtomicBits, BitTypes);

template <typename T>
__global__ void bits_kernel(T* out /* [3] */) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    T bit = T(1) << (i % (8 * sizeof(T)));
    atomicAnd(&out[0], ~(bit & T(0x0123456789abcdefLL)));
    atomicOr(&out[1], bit & T(0x0fedcba987654321LL));
    atomicXor(&out[2], bit);
}

TYPED_TEST(AtomicBits, AndOrXor) {
    TypeParam all = TypeParam(-1), any = 0, parity = 0;
    for (int i = 0; i < total; ++i) {
        TypeParam bit = TypeParam(1) << (i % (8 * sizeof(TypeParam)));
        all &= ~(bit & TypeParam(0x0123456789abcdefLL));
        any |= bit & TypeParam(0x0fedcba987654321LL);
        parity ^= bit;
    }
    DeviceBuffer<TypeParam> out(std::vector<TypeParam>{TypeParam(-1), 0, 0});
    bits_kernel<<<blocks, threads>>>(out.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(out.download(), (std::vector<TypeParam>{all, any, parity}));
}

template <typename T>
__global__ void exchange_kernel(T* slot, T* olds) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    olds[i] = atomicExch(slot, T(i + 1));
}

// Every value goes in once and comes out once, except the one that stays.
template <typename T>
void expect_exchange_loses_nothing() {
    DeviceBuffer<T> slot(std::vector<T>{0});
    auto values = collect<T>(
        total, [&](T* out) { exchange_kernel<T><<<blocks, threads>>>(slot.data(), out); });
    values.push_back(slot.download()[0]);
    std::sort(values.begin(), values.end());
    EXPECT_EQ(values, tabulate<T>(total + 1, [](int i) { return i; }));
}

TEST(Atomics, ExchangeLosesNothing) {
    expect_exchange_loses_nothing<int>();
    expect_exchange_loses_nothing<unsigned>();
    expect_exchange_loses_nothing<unsigned long long>();
    expect_exchange_loses_nothing<float>();
}

__global__ void subtract_kernel(int* a, unsigned* b) {
    atomicSub(a, int(threadIdx.x));
    atomicSub(b, 2u);
}

TEST(Atomics, SubtractWrapsBelowZeroWhenUnsigned) {
    DeviceBuffer<int> a(std::vector<int>{1000});
    DeviceBuffer<unsigned> b(std::vector<unsigned>{100});
    subtract_kernel<<<blocks, threads>>>(a.data(), b.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(a.download()[0], 1000 - blocks * threads * (threads - 1) / 2);
    EXPECT_EQ(b.download()[0], 100u - 2u * total);
}

__global__ void wrap_kernel(unsigned* up, unsigned* down, unsigned* beyond) {
    atomicInc(up, 100u);
    atomicDec(down, 100u);
    if (blockIdx.x == 0 && threadIdx.x == 0) beyond[2] = atomicInc(&beyond[0], 10u);
    if (blockIdx.x == 0 && threadIdx.x == 1) beyond[3] = atomicDec(&beyond[1], 10u);
}

// "((old >= val) ? 0 : (old + 1))" and "(((old == 0) || (old > val)) ? val : (old - 1))"
TEST(Atomics, IncrementAndDecrementWrap) {
    unsigned up = 7, down = 7;
    for (int i = 0; i < total; ++i) {
        up = up >= 100 ? 0 : up + 1;
        down = down == 0 || down > 100 ? 100 : down - 1;
    }
    DeviceBuffer<unsigned> counters(std::vector<unsigned>{7, 7, 50, 50, 0, 0});
    unsigned* at = counters.data();
    wrap_kernel<<<blocks, threads>>>(at, at + 1, at + 2);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(counters.download(), (std::vector<unsigned>{up, down, 0, 10, 50, 50}));
}

template <typename T>
__global__ void claim_kernel(T* slots /* [16], zero */, int* wins /* [16], zero */) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (atomicCAS(&slots[i % 16], T(0), T(i + 1)) == T(0)) atomicAdd(&wins[i % 16], 1);
}

template <typename T>
void expect_one_winner_per_slot() {
    DeviceBuffer<T> slots(std::vector<T>(16, 0));
    DeviceBuffer<int> wins(std::vector<int>(16, 0));
    claim_kernel<<<blocks, threads>>>(slots.data(), wins.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(wins.download(), std::vector<int>(16, 1));
    auto winners = slots.download();
    for (int slot = 0; slot < 16; ++slot) EXPECT_EQ((int(winners[slot]) - 1) % 16, slot);
}

TEST(Atomics, CompareAndSwapHasOneWinner) {
    expect_one_winner_per_slot<int>();
    expect_one_winner_per_slot<unsigned>();
    expect_one_winner_per_slot<unsigned long long>();
    expect_one_winner_per_slot<unsigned short>();
}

__global__ void largest_float_kernel(float* largest) {
    auto* bits = reinterpret_cast<int*>(largest);
    float value = 1.5f * ((blockIdx.x * blockDim.x + threadIdx.x) * 31 % 1009);
    int old = *bits;
    while (__int_as_float(old) < value) {
        int seen = atomicCAS(bits, old, __float_as_int(value));
        if (seen == old) break;
        old = seen;
    }
}

TEST(Atomics, ACompareAndSwapLoopBuildsOtherOperations) {
    float expected = 0;
    for (int i = 0; i < total; ++i) expected = std::max(expected, 1.5f * (i * 31 % 1009));
    DeviceBuffer<float> largest(std::vector<float>{-1});
    largest_float_kernel<<<blocks, threads>>>(largest.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(largest.download()[0], expected);
}

__global__ void lock_kernel(int* lock, volatile int* count) {
    for (bool done = false; !done;) {
        if (atomicCAS(lock, 0, 1) != 0) continue;
        __threadfence();
        *count = *count + 1;
        __threadfence();
        atomicExch(lock, 0);
        done = true;
    }
}

TEST(Atomics, ASpinLockProtectsAPlainVariable) {
    DeviceBuffer<int> lock_and_count(std::vector<int>{0, 0});
    lock_kernel<<<8, 64>>>(lock_and_count.data(), lock_and_count.data() + 1);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(lock_and_count.download(), (std::vector<int>{0, 8 * 64}));
}

__global__ void half_kernel(__half* half, __half2* pair) {
    atomicAdd(half, __float2half(1));
    atomicAdd(pair, __floats2half2_rn(0.5f, -1));
}

TEST(Atomics, AddToHalfAndHalf2) {  // 512 additions: every partial sum is exact
    DeviceBuffer<__half> half(std::vector<__half>{__float2half(0)});
    DeviceBuffer<__half2> pair(std::vector<__half2>{__floats2half2_rn(0, 0)});
    half_kernel<<<8, 64>>>(half.data(), pair.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(__half2float(half.download()[0]), 512);
    EXPECT_EQ(__low2float(pair.download()[0]), 256);
    EXPECT_EQ(__high2float(pair.download()[0]), -512);
}

__global__ void bfloat16_kernel(__nv_bfloat16* one, __nv_bfloat162* pair) {
    atomicAdd(one, __float2bfloat16(1));
    atomicAdd(pair, __floats2bfloat162_rn(0.5f, -1));
}

TEST(Atomics, AddToBfloat16AndItsPair) {  // 128 additions: every partial sum is exact
    DeviceBuffer<__nv_bfloat16> one(std::vector<__nv_bfloat16>{__float2bfloat16(0)});
    DeviceBuffer<__nv_bfloat162> pair(std::vector<__nv_bfloat162>{__floats2bfloat162_rn(0, 0)});
    bfloat16_kernel<<<4, 32>>>(one.data(), pair.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(__bfloat162float(one.download()[0]), 128);
    EXPECT_EQ(__low2float(pair.download()[0]), 64);
    EXPECT_EQ(__high2float(pair.download()[0]), -128);
}

}  // namespace
}  // namespace t2t::conformance
