// The wrappers of common/device/ptx.cuh: tensor-core products, matrix loads, asynchronous copies.
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "common/device/ptx.cuh"
#include "tests/cpu_device/conformance.hpp"
#include "tests/cpu_device/product_inputs.hpp"

namespace t2t::conformance {
namespace {

/// One register: 4 / sizeof(T) elements, `stride` apart.
template <typename T>
__device__ std::uint32_t pack(const T* elements, int stride) {
    T values[4 / sizeof(T)];
    for (int i = 0; i < int(4 / sizeof(T)); ++i) values[i] = elements[i * stride];
    std::uint32_t bits;
    memcpy(&bits, values, 4);
    return bits;
}

// Which instruction: the shape's K and the type say it.
template <int K>
__device__ void mma(__half, float (&d)[4], const std::uint32_t (&a)[K / 4],
                    const std::uint32_t (&b)[K / 8], const float (&c)[4]) {
    if constexpr (K == 16) ptx::mma_m16n8k16_f16(d, a, b, c);
    if constexpr (K == 8) ptx::mma_m16n8k8_f16(d, a, b[0], c);
}
template <int K>
__device__ void mma(__nv_bfloat16, float (&d)[4], const std::uint32_t (&a)[4],
                    const std::uint32_t (&b)[2], const float (&c)[4]) {
    ptx::mma_m16n8k16_bf16(d, a, b, c);
}
template <int K>
__device__ void mma(signed char, int (&d)[4], const std::uint32_t (&a)[4],
                    const std::uint32_t (&b)[2], const int (&c)[4]) {
    ptx::mma_m16n8k32_s8(d, a, b, c);
}

// Fragment layouts as in the PTX ISA, "Matrix Fragments for mma.m16n8k…".
template <int K, typename T, typename Sum>
__global__ void mma_kernel(const T* a /* [16, K] */, const T* b /* [K, 8] */,
                           const Sum* c /* [16, 8] */, Sum* d /* [16, 8] */) {
    constexpr int width = 4 / sizeof(T);  // elements in a register
    constexpr int registers = K / (4 * width);
    int group = threadIdx.x / 4;
    int member = threadIdx.x % 4;
    std::uint32_t fa[2 * registers];
    std::uint32_t fb[registers];
    Sum fc[4];
    Sum fd[4];
    for (int i = 0; i < 2 * registers; ++i) {
        fa[i] = pack(a + (group + i % 2 * 8) * K + width * member + i / 2 * 4 * width, 1);
    }
    for (int i = 0; i < registers; ++i) {
        fb[i] = pack(b + (width * member + i * 4 * width) * 8 + group, 8);
    }
    for (int i = 0; i < 4; ++i) fc[i] = c[(group + i / 2 * 8) * 8 + 2 * member + i % 2];
    mma<K>(T{}, fd, fa, fb, fc);
    for (int i = 0; i < 4; ++i) d[(group + i / 2 * 8) * 8 + 2 * member + i % 2] = fd[i];
}

template <int K, typename T, typename Sum>
void expect_product() {
    DeviceBuffer<T> a(
        tabulate<T>(16 * K, [](int i) { return from_int<T>(a_value(i / K, i % K)); }));
    DeviceBuffer<T> b(tabulate<T>(K * 8, [](int i) { return from_int<T>(b_value(i / 8, i % 8)); }));
    DeviceBuffer<Sum> c(tabulate<Sum>(128, [](int i) { return c_value(i / 8, i % 8); }));
    auto d = collect<Sum>(128, [&](Sum* out) {
        mma_kernel<K, T, Sum><<<1, 32>>>(a.data(), b.data(), c.data(), out);
    });
    EXPECT_EQ(d, tabulate<Sum>(128, [](int i) {
                  int sum = c_value(i / 8, i % 8);
                  for (int k = 0; k < K; ++k) sum += a_value(i / 8, k) * b_value(k, i % 8);
                  return sum;
              }));
}

TEST(Mma, M16n8k8OfHalf) {
    expect_product<8, __half, float>();
}
TEST(Mma, M16n8k16OfHalf) {
    T2T_NEEDS_CAPABILITY(80);
    expect_product<16, __half, float>();
}
TEST(Mma, M16n8k16OfBfloat16) {
    T2T_NEEDS_CAPABILITY(80);
    expect_product<16, __nv_bfloat16, float>();
}
TEST(Mma, M16n8k32OfSignedBytes) {
    T2T_NEEDS_CAPABILITY(80);
    expect_product<32, signed char, int>();
}

constexpr int row_stride = 24;  // elements: rows of 8 start 48 bytes apart

/// The row of shared memory whose address lane `lane` passes.
__host__ __device__ int named_row(int lane) {
    return (lane * 5 + 3) % 32;
}
__host__ __device__ int element(int row, int column) {
    return row * 100 + column;
}

template <int Count, bool Transposed>
__global__ void ldmatrix_kernel(std::uint32_t* out /* [32, Count] */) {
    __shared__ __align__(16) std::uint16_t rows[32 * row_stride];
    int lane = threadIdx.x;
    for (int i = lane; i < 32 * 8; i += 32)
        rows[i / 8 * row_stride + i % 8] = element(i / 8, i % 8);
    __syncwarp();
    const void* row = &rows[named_row(lane) * row_stride];
    std::uint32_t r[Count];
    if constexpr (Count == 1 && !Transposed) ptx::ldmatrix_x1(r[0], row);
    if constexpr (Count == 1 && Transposed) ptx::ldmatrix_x1_trans(r[0], row);
    if constexpr (Count == 2 && !Transposed) ptx::ldmatrix_x2(r, row);
    if constexpr (Count == 2 && Transposed) ptx::ldmatrix_x2_trans(r, row);
    if constexpr (Count == 4 && !Transposed) ptx::ldmatrix_x4(r, row);
    if constexpr (Count == 4 && Transposed) ptx::ldmatrix_x4_trans(r, row);
    for (int i = 0; i < Count; ++i) out[lane * Count + i] = r[i];
}

template <int Count, bool Transposed>
void expect_matrices() {
    auto registers = collect<std::uint32_t>(
        32 * Count, [](std::uint32_t* out) { ldmatrix_kernel<Count, Transposed><<<1, 32>>>(out); });
    EXPECT_EQ(registers, tabulate<std::uint32_t>(32 * Count, [](int i) {
                  int lane = i / Count;
                  int matrix = i % Count;
                  int first[2];
                  for (int half = 0; half < 2; ++half) {
                      int row = lane / 4;
                      int column = lane % 4 * 2 + half;
                      if (Transposed) std::swap(row, column);
                      first[half] = element(named_row(8 * matrix + row), column);
                  }
                  return std::uint32_t(first[1]) << 16 | std::uint32_t(first[0]);
              }));
}

TEST(Ldmatrix, OneTwoAndFourMatrices) {
    expect_matrices<1, false>();
    expect_matrices<2, false>();
    expect_matrices<4, false>();
}
TEST(Ldmatrix, OneTwoAndFourTransposed) {
    expect_matrices<1, true>();
    expect_matrices<2, true>();
    expect_matrices<4, true>();
}

template <int Bytes>
__global__ void cp_async_kernel(const char* in /* [64, Bytes] */, char* out, int valid) {
    __shared__ __align__(16) char copied[64 * Bytes];
    for (int i = 0; i < Bytes; ++i) copied[threadIdx.x * Bytes + i] = 'x';
    ptx::cp_async<Bytes>(&copied[threadIdx.x * Bytes], in + threadIdx.x * Bytes, valid);
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    __syncthreads();
    int other = 63 - threadIdx.x;
    for (int i = 0; i < Bytes; ++i) out[other * Bytes + i] = copied[other * Bytes + i];
}

template <int Bytes>
void expect_copies() {
    auto values = tabulate<char>(64 * Bytes, [](int i) { return i % 101 + 1; });
    DeviceBuffer<char> in(values);
    for (int valid = 0; valid <= Bytes; ++valid) {
        auto copied = collect<char>(64 * Bytes, [&](char* out) {
            cp_async_kernel<Bytes><<<1, 64>>>(in.data(), out, valid);
        });
        EXPECT_EQ(copied, tabulate<char>(64 * Bytes,
                                         [&](int i) { return i % Bytes < valid ? values[i] : 0; }))
            << valid << " of " << Bytes << " bytes";
    }
}

TEST(CpAsync, CopiesTheValidBytesAndFillsUpWithZeros) {
    T2T_NEEDS_CAPABILITY(80);
    expect_copies<4>();
    expect_copies<8>();
    expect_copies<16>();
}

// Three buffers, two groups of copies under way while the third is summed.
__global__ void pipeline_kernel(const int* in /* [tiles, 32] */, int tiles,
                                int* sums /* [tiles] */) {
    __shared__ int buffers[3][32];
    auto begin = [&](int tile) {
        if (tile < tiles) {
            ptx::cp_async<4>(&buffers[tile % 3][threadIdx.x], in + tile * 32 + threadIdx.x);
        }
        ptx::cp_async_commit();  // an empty group counts, too
    };
    begin(0);
    begin(1);
    for (int tile = 0; tile < tiles; ++tile) {
        begin(tile + 2);
        ptx::cp_async_wait<2>();
        __syncthreads();
        int sum = 0;
        for (int i = 0; i < 32; ++i) sum += buffers[tile % 3][(i + threadIdx.x) % 32];
        if (threadIdx.x == 31) sums[tile] = sum;
        __syncthreads();
    }
}

TEST(CpAsync, GroupsCompleteInOrder) {
    T2T_NEEDS_CAPABILITY(80);
    int tiles = 20;
    DeviceBuffer<int> in(tabulate<int>(tiles * 32, [](int i) { return i * i % 1000; }));
    auto sums =
        collect<int>(tiles, [&](int* out) { pipeline_kernel<<<1, 32>>>(in.data(), tiles, out); });
    EXPECT_EQ(sums, tabulate<int>(tiles, [](int tile) {
                  int sum = 0;
                  for (int i = tile * 32; i < tile * 32 + 32; ++i) sum += i * i % 1000;
                  return sum;
              }));
}

__global__ void missing_wait_kernel(const int* in, int* out) {
    __shared__ int copied[32];
    copied[threadIdx.x] = -5;
    ptx::cp_async<4>(&copied[threadIdx.x], in + threadIdx.x);
    ptx::cp_async_commit();
    out[threadIdx.x] = copied[threadIdx.x];
    ptx::cp_async_wait<0>();
}

TEST(CpAsync, AMissingWaitShowsWhatWasThereBefore) {
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU may be fast enough to hide it";
    DeviceBuffer<int> in(std::vector<int>(32, 7));
    auto values =
        collect<int>(32, [&](int* out) { missing_wait_kernel<<<1, 32>>>(in.data(), out); });
    EXPECT_EQ(values, std::vector<int>(32, -5));
}

}  // namespace
}  // namespace t2t::conformance
