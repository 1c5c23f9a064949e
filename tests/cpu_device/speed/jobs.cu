#include "tests/cpu_device/speed/jobs.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

#include <cuda_runtime.h>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"

namespace t2t {
namespace {

bool wrong = false;

void expect_right(bool right) {
    wrong |= !right;
}

/// `count` floats in [-1, 1), the same in every run.
std::vector<float> random_floats(std::size_t count, std::uint32_t seed) {
    std::vector<float> values(count);
    for (float& value : values) {
        seed = seed * 1664525u + 1013904223u;
        value = static_cast<float>(seed >> 8) * 0x1p-23f - 1.0f;
    }
    return values;
}

bool near(double got, double wanted, double tolerance) {
    return std::abs(got - wanted) <= tolerance;
}

__global__ void barrier_kernel(int rounds, int* finished) {
    for (int round = 0; round < rounds; ++round) __syncthreads();
    finished[threadIdx.x] = rounds;
}

void barrier(benchmark::State& state) {
    constexpr int rounds = 1000;
    DeviceBuffer<int> finished(256);
    for (auto _ : state) {
        barrier_kernel<<<1, 256>>>(rounds, finished.data());
        T2T_CHECK(cudaDeviceSynchronize());
    }
    state.SetItemsProcessed(state.iterations() * rounds);
    expect_right(finished.download().back() == rounds);
}

__global__ void small_kernel(int* out) {
    out[threadIdx.x] += 1;
}

void launch(benchmark::State& state) {
    constexpr int launches = 1000;
    DeviceBuffer<int> out(std::vector<int>(32, 0));
    for (auto _ : state) {
        for (int i = 0; i < launches; ++i) small_kernel<<<1, 32>>>(out.data());
        T2T_CHECK(cudaDeviceSynchronize());
    }
    state.SetItemsProcessed(state.iterations() * launches);
    expect_right(out.download()[31] == static_cast<int>(state.iterations() * launches));
}

__global__ void vector_add_kernel(const float* a, const float* b, float* c, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) c[i] = a[i] + b[i];
}

void vector_add(benchmark::State& state) {
    constexpr int n = 1 << 24;
    const std::vector<float> a = random_floats(n, 1);
    const std::vector<float> b = random_floats(n, 2);
    DeviceBuffer<float> a_device(a), b_device(b), c_device(n);
    for (auto _ : state) {
        vector_add_kernel<<<n / 256, 256>>>(a_device.data(), b_device.data(), c_device.data(), n);
        T2T_CHECK(cudaDeviceSynchronize());
    }
    const std::vector<float> c = c_device.download();
    bool right = true;
    for (int i = 0; i < n; ++i) right &= c[i] == a[i] + b[i];
    expect_right(right);
}

__global__ void sum_kernel(const float* in, float* out, int n) {
    __shared__ float partial[256];
    float sum = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        sum += in[i];
    }
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) out[blockIdx.x] = partial[0];
}

void sum(benchmark::State& state) {
    constexpr int n = 1 << 24;
    constexpr int blocks = 256;
    const std::vector<float> in = random_floats(n, 3);
    DeviceBuffer<float> in_device(in), out_device(blocks);
    for (auto _ : state) {
        sum_kernel<<<blocks, 256>>>(in_device.data(), out_device.data(), n);
        T2T_CHECK(cudaDeviceSynchronize());
    }
    double wanted = 0;
    for (float value : in) wanted += value;
    double got = 0;
    for (float value : out_device.download()) got += value;
    expect_right(near(got, wanted, 0.1));  // 2²⁴ terms, partial sums of 256 below 100 in magnitude
}

constexpr int tile = 32;

__global__ void matmul_kernel(const float* a, const float* b, float* c, int n) {  // all [n, n]
    __shared__ float a_tile[tile][tile];
    __shared__ float b_tile[tile][tile];
    const int row = blockIdx.y * tile + threadIdx.y;
    const int column = blockIdx.x * tile + threadIdx.x;
    float sum = 0.0f;
    for (int k = 0; k < n; k += tile) {
        a_tile[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
        b_tile[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + column];
        __syncthreads();
        for (int i = 0; i < tile; ++i) sum += a_tile[threadIdx.y][i] * b_tile[i][threadIdx.x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

void matmul(benchmark::State& state) {
    constexpr int n = 1024;
    const std::vector<float> a = random_floats(n * n, 4);
    const std::vector<float> b = random_floats(n * n, 5);
    DeviceBuffer<float> a_device(a), b_device(b), c_device(n * n);
    for (auto _ : state) {
        matmul_kernel<<<dim3(n / tile, n / tile), dim3(tile, tile)>>>(
            a_device.data(), b_device.data(), c_device.data(), n);
        T2T_CHECK(cudaDeviceSynchronize());
    }
    const std::vector<float> c = c_device.download();
    bool right = true;
    for (int element = 0; element < n * n; element += 997) {
        const int row = element / n;
        const int column = element % n;
        double wanted = 0;
        for (int k = 0; k < n; ++k) wanted += double{a[row * n + k]} * b[k * n + column];
        right &= near(c[element], wanted, 1e-3);
    }
    expect_right(right);
}

__device__ float warp_sum(float value) {
    for (int offset = 16; offset > 0; offset /= 2) {
        value += __shfl_down_sync(0xffffffffu, value, offset);
    }
    return value;
}

__global__ void gemv_kernel(const float* weight, const float* x, float* y, int rows, int columns) {
    const int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= rows) return;
    float sum = 0.0f;
    for (int i = lane; i < columns; i += 32) sum += weight[row * columns + i] * x[i];
    sum = warp_sum(sum);
    if (lane == 0) y[row] = sum;
}

void gemv(benchmark::State& state) {
    constexpr int rows = 16384;
    constexpr int columns = 768;
    const std::vector<float> weight = random_floats(rows * columns, 6);
    const std::vector<float> x = random_floats(columns, 7);
    DeviceBuffer<float> weight_device(weight), x_device(x), y_device(rows);
    for (auto _ : state) {
        gemv_kernel<<<rows / 8, 256>>>(weight_device.data(), x_device.data(), y_device.data(), rows,
                                       columns);
        T2T_CHECK(cudaDeviceSynchronize());
    }
    const std::vector<float> y = y_device.download();
    bool right = true;
    for (int row = 0; row < rows; ++row) {
        double wanted = 0;
        for (int i = 0; i < columns; ++i) wanted += double{weight[row * columns + i]} * x[i];
        right &= near(y[row], wanted, 1e-3);
    }
    expect_right(right);
}

/// Reduces over a block of 256 threads through shared memory; every thread gets the result.
template <typename Combine>
__device__ float block_reduce(float value, Combine combine, float* shared) {
    shared[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            shared[threadIdx.x] = combine(shared[threadIdx.x], shared[threadIdx.x + half]);
        }
        __syncthreads();
    }
    const float result = shared[0];
    __syncthreads();  // everyone has read it before the next reduction overwrites it
    return result;
}

__global__ void softmax_kernel(const float* in, float* out, int columns) {  // [gridDim.x, columns]
    __shared__ float shared[256];
    const float* row = in + blockIdx.x * columns;
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += 256) largest = fmaxf(largest, row[i]);
    largest = block_reduce(
        largest, [](float a, float b) { return fmaxf(a, b); }, shared);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < columns; i += 256) sum += expf(row[i] - largest);
    sum = block_reduce(
        sum, [](float a, float b) { return a + b; }, shared);
    for (int i = threadIdx.x; i < columns; i += 256) {
        out[blockIdx.x * columns + i] = expf(row[i] - largest) / sum;
    }
}

void softmax(benchmark::State& state) {
    constexpr int rows = 4096;
    constexpr int columns = 1024;
    const std::vector<float> in = random_floats(rows * columns, 8);
    DeviceBuffer<float> in_device(in), out_device(rows * columns);
    for (auto _ : state) {
        softmax_kernel<<<rows, 256>>>(in_device.data(), out_device.data(), columns);
        T2T_CHECK(cudaDeviceSynchronize());
    }
    const std::vector<float> out = out_device.download();
    bool right = true;
    for (int row = 0; row < rows; row += 61) {
        double sum = 0;
        for (int i = 0; i < columns; ++i) sum += std::exp(double{in[row * columns + i]});
        for (int i = 0; i < columns; ++i) {
            right &=
                near(out[row * columns + i], std::exp(double{in[row * columns + i]}) / sum, 1e-6);
        }
    }
    expect_right(right);
}

__global__ void shuffle_kernel(int rounds, int* out) {
    int value = threadIdx.x;
    for (int round = 0; round < rounds; ++round) {
        value = __shfl_sync(0xffffffffu, value, (threadIdx.x + 1) % 32);
    }
    out[threadIdx.x] = value;
}

void shuffle(benchmark::State& state) {
    constexpr int rounds = 1001;
    DeviceBuffer<int> out(32);
    for (auto _ : state) {
        shuffle_kernel<<<1, 32>>>(rounds, out.data());
        T2T_CHECK(cudaDeviceSynchronize());
    }
    state.SetItemsProcessed(state.iterations() * rounds);
    expect_right(out.download()[0] == rounds % 32);  // each round turns the warp by one lane
}

}  // namespace

const std::vector<SpeedJob>& speed_jobs() {
    static const std::vector<SpeedJob> jobs = {
        {"barrier of 256 threads", barrier, 2e-6},
        {"launch of one small block", launch, 100e-9},
        {"vector add, 2^24", vector_add, 12e-3},
        {"sum of 2^24, 256 blocks", sum, 33e-3},
        {"matmul 1024^3, shared tiles", matmul, 1.0},
        {"GEMV 16384 x 768, warp per row", gemv, 26e-3},
        {"softmax 4096 x 1024, block per row", softmax, 0},
        {"shuffle of one warp", shuffle, 0},
    };
    return jobs;
}

bool take_wrong_result() {
    return std::exchange(wrong, false);
}

}  // namespace t2t
