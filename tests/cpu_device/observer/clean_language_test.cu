// Sound kernels whose threads keep things to themselves: parameters, locals, stacks, registers.
#include <cstdio>

#include "tests/cpu_device/observer/clean.hpp"

namespace t2t::observer {
namespace {

__global__ void changed_parameters_kernel(const float* in, float* out, int n) {
    in += blockIdx.x * blockDim.x;
    out += blockIdx.x * blockDim.x;
    n -= static_cast<int>(threadIdx.x);
    if (n > 0) out[threadIdx.x] = in[threadIdx.x] * n;
}

TEST(CleanLanguage, ParametersThatTheKernelChanges) {
    expect_clean([] {
        auto in = filled<float>(256);
        DeviceBuffer<float> out(256);
        changed_parameters_kernel<<<4, 64>>>(in.data(), out.data(), 50);
    });
}

struct Matrix {
    const float* data;
    int rows, columns;
    float scale[4];

    __device__ float at(int row, int column) const {
        return data[row * columns + column] * scale[row % 4];
    }
};

__global__ void structure_kernel(Matrix matrix, float* out) {
    matrix.scale[threadIdx.x % 4] = 2;  // each thread has a copy
    out[threadIdx.x] = matrix.at(threadIdx.x % matrix.rows, 1) + matrix.scale[0];
}

TEST(CleanLanguage, AStructureByValue) {
    expect_clean([] {
        auto data = filled<float>(8 * 3);
        DeviceBuffer<float> out(64);
        structure_kernel<<<1, 64>>>(Matrix{data.data(), 8, 3, {1, 1, 1, 1}}, out.data());
    });
}

__device__ void sort_down(int* values, int n) {
    for (int i = 1; i < n; ++i) {
        for (int j = i; j > 0 && values[j - 1] < values[j]; --j) {
            const int value = values[j];
            values[j] = values[j - 1];
            values[j - 1] = value;
        }
    }
}

__global__ void local_array_kernel(const int* in, int* out) {
    int values[8];
    for (int i = 0; i < 8; ++i) values[i] = in[8 * threadIdx.x + i];
    sort_down(values, 8);
    __syncthreads();  // the array outlives a switch to other threads
    out[threadIdx.x] = values[threadIdx.x % 8];
}

TEST(CleanLanguage, LocalArraysThroughPointers) {
    expect_clean([] {
        auto in = filled<int>(8 * 64);
        DeviceBuffer<int> out(64);
        local_array_kernel<<<1, 64>>>(in.data(), out.data());
    });
}

__device__ int fibonacci(int n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__global__ void recursive_kernel(int* out) {
    out[threadIdx.x] = fibonacci(threadIdx.x % 12);
}

TEST(CleanLanguage, Recursion) {
    expect_clean([] {
        DeviceBuffer<int> out(32);
        recursive_kernel<<<1, 32>>>(out.data());
        EXPECT_EQ(out.download()[11], 89);
    });
}

__global__ void printing_kernel(int* out) {
    if (threadIdx.x == 0) printf("block %u, %s\n", blockIdx.x, "as CUDA prints it");
    out[blockIdx.x * blockDim.x + threadIdx.x] = 1;
}

TEST(CleanLanguage, Printf) {
    testing::internal::CaptureStdout();
    expect_clean([] {
        DeviceBuffer<int> out(64);
        printing_kernel<<<2, 32>>>(out.data());
    });
    std::fflush(stdout);
    EXPECT_NE(testing::internal::GetCapturedStdout().find("block 1, as CUDA"), std::string::npos);
}

template <typename Function>
__global__ void apply_kernel(Function function, int* out) {
    out[threadIdx.x] = function(static_cast<int>(threadIdx.x));
}

struct Scale {
    int factor;
    __device__ int operator()(int x) const { return factor * x; }
};

TEST(CleanLanguage, AFunctionObject) {
    expect_clean([] {
        DeviceBuffer<int> out(32);
        apply_kernel<<<1, 32>>>(Scale{3}, out.data());
        EXPECT_EQ(out.download()[31], 93);
    });
}

}  // namespace
}  // namespace t2t::observer
