// Shared memory: static and dynamic arrays, one copy per block, more than 48 KB by opt-in.
#include <cstdint>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void reverse_kernel(int* out) {
    __shared__ int values[100];
    values[threadIdx.x] = 10 * threadIdx.x;
    __syncthreads();
    out[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

TEST(SharedMemory, AStaticArrayIsSharedByTheBlock) {
    auto values = collect<int>(100, [](int* out) { reverse_kernel<<<1, 100>>>(out); });
    EXPECT_EQ(values, tabulate<int>(100, [](int i) { return 10 * (99 - i); }));
}

__global__ void transpose_kernel(int* out /* [16, 8] */) {
    __shared__ int tile[8][17];
    tile[threadIdx.y][threadIdx.x] = 100 * threadIdx.y + threadIdx.x;
    __syncthreads();
    int i = threadIdx.y * 16 + threadIdx.x;
    out[i] = tile[i % 8][i / 8];
}

TEST(SharedMemory, ATwoDimensionalTileTransposes) {
    auto values = collect<int>(128, [](int* out) { transpose_kernel<<<1, dim3(16, 8)>>>(out); });
    EXPECT_EQ(values, tabulate<int>(128, [](int i) { return 100 * (i % 8) + i / 8; }));
}

__global__ void several_arrays_kernel(double* out /* [4, 32] */) {
    __shared__ char bytes[33];
    __shared__ double doubles[32];
    __shared__ short shorts[35];
    __shared__ int total;
    int i = threadIdx.x;
    bytes[i] = i;
    doubles[i] = i + 0.5;
    shorts[i] = 1000 + i;
    if (i == 0) total = 7;
    __syncthreads();
    int other = (i + 1) % 32;
    out[i] = bytes[other];
    out[32 + i] = doubles[other];
    out[64 + i] = shorts[other];
    out[96 + i] = total;
}

TEST(SharedMemory, SeveralArraysDoNotOverlap) {
    auto values = collect<double>(128, [](double* out) { several_arrays_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values, tabulate<double>(128, [](int i) -> double {
                  int other = (i % 32 + 1) % 32;
                  if (i < 32) return other;
                  if (i < 64) return other + 0.5;
                  return i < 96 ? 1000 + other : 7;
              }));
}

__global__ void own_copy_kernel(int* out /* [blocks, 32] */) {
    __shared__ int values[32];
    values[threadIdx.x] = 32 * blockIdx.x + threadIdx.x;
    __syncthreads();
    out[32 * blockIdx.x + threadIdx.x] = values[threadIdx.x ^ 1];
}

TEST(SharedMemory, EachBlockHasItsOwnCopy) {
    auto values = collect<int>(32 * 1000, [](int* out) { own_copy_kernel<<<1000, 32>>>(out); });
    EXPECT_EQ(values, tabulate<int>(32 * 1000, [](int i) { return i ^ 1; }));
}

template <typename T, int Size>
__global__ void rotate_kernel(T* out) {
    __shared__ T values[Size];
    values[threadIdx.x] = T(threadIdx.x);
    __syncthreads();
    out[threadIdx.x] = values[(threadIdx.x + 1) % Size];
}

TEST(SharedMemory, EachTemplateInstanceHasItsOwnArray) {
    auto ints = collect<int>(64, [](int* out) { rotate_kernel<int, 64><<<1, 64>>>(out); });
    auto floats = collect<float>(96, [](float* out) { rotate_kernel<float, 96><<<1, 96>>>(out); });
    auto doubles = collect<double>(5, [](double* out) { rotate_kernel<double, 5><<<1, 5>>>(out); });
    EXPECT_EQ(ints, tabulate<int>(64, [](int i) { return (i + 1) % 64; }));
    EXPECT_EQ(floats, tabulate<float>(96, [](int i) { return (i + 1) % 96; }));
    EXPECT_EQ(doubles, tabulate<double>(5, [](int i) { return (i + 1) % 5; }));
}

__device__ int broadcast_from_thread_0(int value) {
    __shared__ int slot;
    if (threadIdx.x == 0) slot = value;
    __syncthreads();
    int result = slot;
    __syncthreads();
    return result;
}

__global__ void shared_in_a_function_kernel(int* out) {
    int first = broadcast_from_thread_0(threadIdx.x + 5);
    int second = broadcast_from_thread_0(threadIdx.x + 8);
    out[threadIdx.x] = 10 * first + second;
}

TEST(SharedMemory, ADeviceFunctionMayDeclareIt) {
    auto values = collect<int>(48, [](int* out) { shared_in_a_function_kernel<<<1, 48>>>(out); });
    EXPECT_EQ(values, std::vector<int>(48, 58));
}

struct Complex {
    float real;
    float imaginary;
};

__global__ void struct_kernel(float* out /* [64] */) {
    __shared__ Complex values[32];
    int i = threadIdx.x;
    values[i] = {float(i), float(-i)};
    __syncthreads();
    Complex* other = &values[31 - i];
    out[2 * i] = other->real;
    out[2 * i + 1] = other->imaginary;
}

TEST(SharedMemory, HoldsStructs) {
    auto values = collect<float>(64, [](float* out) { struct_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(values,
              tabulate<float>(64, [](int i) { return i % 2 == 0 ? 31 - i / 2 : -(31 - i / 2); }));
}

__global__ void dynamic_kernel(int* out) {
    extern __shared__ int numbers[];
    numbers[threadIdx.x] = threadIdx.x * threadIdx.x;
    __syncthreads();
    out[threadIdx.x] = numbers[blockDim.x - 1 - threadIdx.x];
}

TEST(SharedMemory, DynamicSizeComesFromTheLaunch) {
    for (int threads : {1, 31, 32, 33, 257, 1024}) {
        auto values = collect<int>(
            threads, [&](int* out) { dynamic_kernel<<<1, threads, threads * sizeof(int)>>>(out); });
        EXPECT_EQ(values, tabulate<int>(threads, [&](int i) {
                      return (threads - 1 - i) * (threads - 1 - i);
                  }));
    }
}

__global__ void carved_kernel(double* out /* [3, n] */, int n) {
    extern __shared__ __align__(16) unsigned char bytes[];
    auto* doubles = reinterpret_cast<double*>(bytes);
    auto* floats = reinterpret_cast<float*>(doubles + n);
    auto* chars = reinterpret_cast<signed char*>(floats + n);
    int i = threadIdx.x;
    doubles[i] = i / 4.0;
    floats[i] = i / 2.0f;
    chars[i] = -i;
    __syncthreads();
    out[i] = doubles[n - 1 - i];
    out[n + i] = floats[n - 1 - i];
    out[2 * n + i] = chars[n - 1 - i];
}

TEST(SharedMemory, OneDynamicArrayIsCarvedIntoSeveral) {
    int n = 50;
    auto values =
        collect<double>(3 * n, [&](double* out) { carved_kernel<<<1, n, 13 * n>>>(out, n); });
    EXPECT_EQ(values, tabulate<double>(3 * n, [&](int i) -> double {
                  int from = n - 1 - i % n;
                  return i < n ? from / 4.0 : i < 2 * n ? from / 2.0 : -from;
              }));
}

template <typename T>
__global__ void dynamic_template_kernel(T* out) {
    extern __shared__ __align__(16) unsigned char raw[];
    T* values = reinterpret_cast<T*>(raw);
    __shared__ T offset;
    if (threadIdx.x == 0) offset = T(1000);
    values[threadIdx.x] = T(threadIdx.x);
    __syncthreads();
    out[threadIdx.x] = offset + values[threadIdx.x ^ 1];
}

TEST(SharedMemory, DynamicAndStaticArraysLiveTogetherInTemplates) {
    auto ints = collect<int>(64, [](int* out) { dynamic_template_kernel<<<1, 64, 256>>>(out); });
    auto doubles =
        collect<double>(64, [](double* out) { dynamic_template_kernel<<<1, 64, 512>>>(out); });
    EXPECT_EQ(ints, tabulate<int>(64, [](int i) { return 1000 + (i ^ 1); }));
    EXPECT_EQ(doubles, tabulate<double>(64, [](int i) { return 1000 + (i ^ 1); }));
}

__global__ void fill_and_sum_kernel(unsigned long long* out /* [blocks] */, int words) {
    extern __shared__ unsigned words_of_block[];
    for (int i = threadIdx.x; i < words; i += blockDim.x) words_of_block[i] = i + blockIdx.x;
    __syncthreads();
    if (threadIdx.x != 0) return;
    unsigned long long sum = 0;
    for (int i = 0; i < words; ++i) sum += words_of_block[i];
    out[blockIdx.x] = sum;
}

void expect_dynamic_bytes_work(int bytes) {
    unsigned long long words = bytes / 4;
    auto sums = collect<unsigned long long>(
        4, [&](unsigned long long* out) { fill_and_sum_kernel<<<4, 128, bytes>>>(out, words); });
    EXPECT_EQ(sums, tabulate<unsigned long long>(
                        4, [&](int block) { return words * (words - 1) / 2 + block * words; }));
}

TEST(SharedMemory, UpTo48KiBNeedNoOptIn) {
    expect_dynamic_bytes_work(48 * 1024);
}

TEST(SharedMemory, TheWholeOptInLimitIsUsable) {
    int limit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    ASSERT_GT(limit, 48 * 1024);
    T2T_CHECK(cudaFuncSetAttribute(fill_and_sum_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   limit));
    expect_dynamic_bytes_work(limit);
    expect_dynamic_bytes_work(1024);
}

__global__ void same_address_kernel(int* out) {
    __shared__ float value;
    __shared__ std::uintptr_t address;
    if (threadIdx.x == 0) address = reinterpret_cast<std::uintptr_t>(&value);
    __syncthreads();
    out[threadIdx.x] = address == reinterpret_cast<std::uintptr_t>(&value);
}

TEST(SharedMemory, EveryThreadSeesItAtTheSameAddress) {
    auto same = collect<int>(200, [](int* out) { same_address_kernel<<<1, 200>>>(out); });
    EXPECT_EQ(same, std::vector<int>(200, 1));
}

__global__ void neighbour_sum_kernel(int* out, int steps) {
    __shared__ int buffers[2][64];
    int i = threadIdx.x;
    buffers[0][i] = i;
    __syncthreads();
    for (int step = 0; step < steps; ++step) {
        int* from = buffers[step % 2];
        buffers[(step + 1) % 2][i] = from[i] + from[(i + 1) % 64];
        __syncthreads();
    }
    out[i] = buffers[steps % 2][i];
}

TEST(SharedMemory, KeepsItsValuesAcrossManyBarriers) {
    int steps = 15;
    std::vector<int> expected = tabulate<int>(64, [](int i) { return i; });
    for (int step = 0; step < steps; ++step) {
        std::vector<int> from = expected;
        for (int i = 0; i < 64; ++i) expected[i] = from[i] + from[(i + 1) % 64];
    }
    auto values = collect<int>(64, [&](int* out) { neighbour_sum_kernel<<<1, 64>>>(out, steps); });
    EXPECT_EQ(values, expected);
}

extern __shared__ int array_of_the_block[];

__device__ void fill_array(int factor) {
    array_of_the_block[threadIdx.x] = factor * threadIdx.x;
}
__device__ int first_of(const int* array) {
    return array[0];
}
__global__ void array_outside_kernel(int* out) {
    fill_array(blockIdx.x + 1);
    __syncthreads();
    const int* end = array_of_the_block + blockDim.x;
    int4* vectors = (int4*)array_of_the_block;
    out[blockIdx.x * blockDim.x + threadIdx.x] = end[-1 - int(threadIdx.x)] +
                                                 1000 * vectors[threadIdx.x / 4].w +
                                                 first_of(array_of_the_block);
}

TEST(DynamicSharedMemory, MayBeDeclaredOutsideOfKernels) {
    const auto values =
        collect<int>(128, [](int* out) { array_outside_kernel<<<4, 32, 32 * sizeof(int)>>>(out); });
    EXPECT_EQ(values, tabulate<int>(128, [](int i) {
                  const int factor = i / 32 + 1, thread = i % 32;
                  return factor * (31 - thread) + 1000 * factor * (thread / 4 * 4 + 3);
              }));
}

}  // namespace
}  // namespace t2t::conformance
