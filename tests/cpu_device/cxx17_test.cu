// A program in C++17, which is nvcc's default: every header of the CPU device serves it.
#include <vector>

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>
#include <math_constants.h>
#include <mma.h>

#include <gtest/gtest.h>

static_assert(__cplusplus == 201703L);

namespace {

namespace cg = cooperative_groups;

template <typename T>
__global__ void sum_kernel(const T* x, float* sum, int n) {
    const cg::thread_block_tile<32> warp = cg::tiled_partition<32>(cg::this_thread_block());
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const float total =
        cg::reduce(warp, i < n ? static_cast<float>(x[i]) : 0.0f, cg::plus<float>());
    if (warp.thread_rank() == 0) atomicAdd(sum, total);
}

template <typename T>
float sum_of(int n) {
    std::vector<T> values;
    for (int i = 0; i < n; ++i) values.push_back(T(static_cast<float>(i % 8)));
    T* x = nullptr;
    float* sum = nullptr;
    float result = 0;
    EXPECT_EQ(cudaMalloc(&x, n * sizeof(T)), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&sum, sizeof(float)), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(x, values.data(), n * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
    EXPECT_EQ(cudaMemset(sum, 0, sizeof(float)), cudaSuccess);
    sum_kernel<<<(n + 255) / 256, 256>>>(x, sum, n);  // T is found from the arguments
    EXPECT_EQ(cudaMemcpy(&result, sum, sizeof(float), cudaMemcpyDeviceToHost), cudaSuccess);
    cudaFree(x);
    cudaFree(sum);
    return result;
}

TEST(Cxx17, KernelsOnEveryTypeAreRight) {
    constexpr int n = 800;  // 100 times 0 + 1 + … + 7
    EXPECT_EQ(sum_of<float>(n), 2800);
    EXPECT_EQ(sum_of<__half>(n), 2800);
    EXPECT_EQ(sum_of<__nv_bfloat16>(n), 2800);
    EXPECT_EQ(sum_of<__nv_fp8_e4m3>(n), 2800);
}

#define LAUNCH(kernel, ...) kernel<<<1, 32>>>(__VA_ARGS__)

__device__ int last_seen;

__global__ void see_kernel() {
    if (threadIdx.x == 31) last_seen = 7;
}
__global__ void see_this_kernel(int what) {
    if (threadIdx.x == 31) last_seen = what;
}

int last_seen_by_the_host() {
    int value = 0;
    EXPECT_EQ(cudaMemcpyFromSymbol(&value, last_seen, sizeof value), cudaSuccess);
    return value;
}

TEST(Cxx17, MacrosLaunchWithAndWithoutArguments) {
    LAUNCH(see_kernel);
    EXPECT_EQ(last_seen_by_the_host(), 7);
    LAUNCH(see_this_kernel, 11);
    EXPECT_EQ(last_seen_by_the_host(), 11);
}

}  // namespace
