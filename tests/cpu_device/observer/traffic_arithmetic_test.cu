// Operations, instructions, barriers, and how many lanes take part.
#include <cuda_bf16.h>
#include <mma.h>

#include "common/device/ptx.cuh"
#include "tests/cpu_device/observer/traffic.hpp"

namespace wmma = nvcuda::wmma;

namespace t2t::observer {
namespace {

constexpr int n = 256;

/// The traffic of kernel<<<2, 128>>>(x, y, out) on n elements of T.
template <typename T>
Traffic elementwise(void (*kernel)(const T*, const T*, T*)) {
    return traffic_of([=] {
        auto x = filled<T>(n, T{2});
        auto y = filled<T>(n, T{3});
        DeviceBuffer<T> out(n);
        kernel<<<2, 128>>>(x.data(), y.data(), out.data());
    });
}

void expect_flops(const Flops& seen, std::uint64_t add, std::uint64_t mul, std::uint64_t fma,
                  std::uint64_t special) {
    EXPECT_EQ(seen.add, add);
    EXPECT_EQ(seen.mul, mul);
    EXPECT_EQ(seen.fma, fma);
    EXPECT_EQ(seen.special, special);
}

__device__ int global_index() {
    return blockIdx.x * blockDim.x + threadIdx.x;
}

__global__ void axpy_kernel(const float* x, const float* y, float* out) {
    const int i = global_index();
    out[i] = 1.5f * x[i] + y[i];
}

// a · x + y is contracted to one fma: 2 operations for 12 bytes that move, 1,024 bytes an array.
TEST(Flops, AxpyIsOneFmaAnElement) {
    const Traffic traffic = elementwise<float>(axpy_kernel);
    expect_flops(traffic.fp32, 0, 0, n, 0);
    expect_flops(traffic.fp64, 0, 0, 0, 0);
    EXPECT_EQ(traffic.flops(), 2u * n);
    EXPECT_EQ(traffic.l2_bytes, 3u * 1024);
    EXPECT_DOUBLE_EQ(traffic.intensity(), 2.0 / 12);
}

template <typename T>
__global__ void product_kernel(const T* x, const T* y, T* out) {
    const int i = global_index();
    out[i] = x[i] * y[i];
}

template <typename T>
__global__ void difference_kernel(const T* x, const T* y, T* out) {
    const int i = global_index();
    out[i] = x[i] - y[i] + T{4};
}

template <typename T>
__global__ void quotient_kernel(const T* x, const T* y, T* out) {
    const int i = global_index();
    out[i] = x[i] / y[i];
}

TEST(Flops, ByTypeAndOperation) {
    expect_flops(elementwise<float>(product_kernel<float>).fp32, 0, n, 0, 0);
    expect_flops(elementwise<double>(product_kernel<double>).fp64, 0, n, 0, 0);
    expect_flops(elementwise<double>(product_kernel<double>).fp32, 0, 0, 0, 0);
    expect_flops(elementwise<float>(difference_kernel<float>).fp32, 2 * n, 0, 0, 0);
    expect_flops(elementwise<double>(difference_kernel<double>).fp64, 2 * n, 0, 0, 0);
    expect_flops(elementwise<float>(quotient_kernel<float>).fp32, 0, 0, 0, n);
    expect_flops(elementwise<double>(quotient_kernel<double>).fp64, 0, 0, 0, n);
    expect_flops(elementwise<int>(product_kernel<int>).fp32, 0, 0, 0, 0);
}

__global__ void root_kernel(const float* x, const float* y, float* out) {
    const int i = global_index();
    out[i] = sqrtf(x[i]) + y[i];
}

__global__ void exponential_kernel(const float* x, const float* y, float* out) {
    const int i = global_index();
    out[i] = expf(x[i]) + y[i];
}

TEST(Flops, RootsAndExponentialsAreSpecial) {
    expect_flops(elementwise<float>(root_kernel).fp32, n, 0, 0, n);
    expect_flops(elementwise<float>(exponential_kernel).fp32, n, 0, 0, n);
}

__global__ void polynomial_kernel(const float* x, const float* y, float* out) {
    const int i = global_index();
    float value = y[i];
    for (unsigned k = 0; k < threadIdx.x % 4; ++k) value = value * x[i] + 1.0f;
    out[i] = value;
}

// Thread t runs t % 4 rounds: 0 + 1 + 2 + 3 for every 4 threads.
TEST(Flops, FollowEachThreadThroughALoop) {
    expect_flops(elementwise<float>(polynomial_kernel).fp32, 0, 0, n / 4 * 6, 0);
}

__global__ void mma_kernel(const std::uint32_t* in, float* out) {
    const std::uint32_t a[4] = {in[0], in[1], in[2], in[3]};
    const std::uint32_t b[2] = {in[4], in[5]};
    const float zero[4] = {};
    float d[4];
    for (int i = 0; i < 3; ++i) ptx::mma_m16n8k16_bf16(d, a, b, zero);
    out[threadIdx.x] = d[0];
}

// 2 warps, 3 products of 2 · 16 · 8 · 16 operations each.
TEST(Flops, OfTensorCores) {
    const Traffic traffic = traffic_of([] {
        auto in = filled<std::uint32_t>(6);
        DeviceBuffer<float> out(64);
        mma_kernel<<<1, 64>>>(in.data(), out.data());
    });
    EXPECT_EQ(traffic.tensor_flops, 2u * 3 * 4096);
    EXPECT_EQ(traffic.fp32.total(), 0u);
}

__global__ void wmma_kernel(const __nv_bfloat16* a, const __nv_bfloat16* b, float* d) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    wmma::load_matrix_sync(fa, a, 16);
    wmma::load_matrix_sync(fb, b, 16);
    wmma::mma_sync(sum, fa, fb, sum);
    wmma::store_matrix_sync(d, sum, 16, wmma::mem_row_major);
}

// 2 · 16 · 16 · 16.
TEST(Flops, OfWmma) {
    const Traffic traffic = traffic_of([] {
        auto a = filled(256, __float2bfloat16(1.0f));
        auto b = filled(256, __float2bfloat16(1.0f));
        DeviceBuffer<float> d(256);
        wmma_kernel<<<1, 32>>>(a.data(), b.data(), d.data());
    });
    EXPECT_EQ(traffic.tensor_flops, 8192u);
    EXPECT_EQ(traffic.fp32.total(), 0u);
}

// ---- barriers and warp operations ---------------------------------------------------------------

__global__ void barriers_kernel(int* out, int rounds) {
    for (int round = 0; round < rounds; ++round) __syncthreads();
    __syncwarp();
    int sum = 1;
    for (int width = 16; width > 0; width /= 2) sum += __shfl_xor_sync(0xffffffff, sum, width);
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

// 3 blocks of 4 warps: 7 barriers each, 1 __syncwarp and 5 shuffles.
TEST(Synchronisation, IsCountedOnceAWarp) {
    const Traffic traffic = traffic_of([] {
        DeviceBuffer<int> out(3 * 128);
        barriers_kernel<<<3, 128>>>(out.data(), 7);
        EXPECT_EQ(out.download()[0], 32);
    });
    EXPECT_EQ(traffic.barriers, 3u * 4 * 7);
    EXPECT_EQ(traffic.warp_operations, 3u * 4 * 6);
}

// ---- lanes --------------------------------------------------------------------------------------

Traffic axpy(int blocks, int threads) {
    return traffic_of([=] {
        auto x = filled<float>(blocks * threads);
        auto y = filled<float>(blocks * threads);
        DeviceBuffer<float> out(blocks * threads);
        axpy_kernel<<<blocks, threads>>>(x.data(), y.data(), out.data());
    });
}

TEST(ActiveLanes, AreAllWithoutDivergence) {
    EXPECT_EQ(axpy(4, 64).active_lanes(), 32.0);
    EXPECT_EQ(axpy(1, 16).active_lanes(), 16.0);
    EXPECT_EQ(axpy(2, 48).active_lanes(), 24.0);  // a warp of 32 and one of 16
}

TEST(ActiveLanes, InstructionsGrowWithTheWarps) {
    const Traffic one = axpy(1, 32);
    const Traffic many = axpy(5, 128);
    EXPECT_GT(one.warp_instructions, 3u);  // two loads, an fma, a store
    EXPECT_EQ(many.warp_instructions, 20 * one.warp_instructions);
    EXPECT_EQ(many.thread_instructions, 20 * one.thread_instructions);
}

__global__ void uneven_loop_kernel(float* out, int rounds) {
    float value = 1;
    const int mine = threadIdx.x % 2 == 0 ? rounds : 0;
    for (int i = 0; i < mine; ++i) value = value * 0.5f + 1.0f;
    out[threadIdx.x] = value;
}

// 1,000 rounds of the loop with 16 lanes outweigh a few dozen instructions with 32.
TEST(ActiveLanes, FallToHalfInADivergentLoop) {
    const Traffic traffic = traffic_of([] {
        DeviceBuffer<float> out(32);
        uneven_loop_kernel<<<1, 32>>>(out.data(), 1000);
    });
    EXPECT_GT(traffic.active_lanes(), 16.0);
    EXPECT_LT(traffic.active_lanes(), 16.5);
    expect_flops(traffic.fp32, 0, 0, 16 * 1000, 0);
}

}  // namespace
}  // namespace t2t::observer
