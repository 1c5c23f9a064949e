// Launches: how kernels are named, what their arguments may be, and variables that live on the device.
#include <array>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

template <typename T>
__global__ void add_kernel(T* out, T a, T b) {
    out[threadIdx.x] = a + b + T(threadIdx.x);
}

TEST(Launch, TemplateArgumentsMayBeGivenOrDeduced) {
    auto given = collect<float>(4, [](float* out) { add_kernel<float><<<1, 4>>>(out, 1.5f, 2); });
    auto deduced =
        collect<long long>(4, [](long long* out) { add_kernel<<<1, 4>>>(out, 1LL, 2LL); });
    EXPECT_EQ(given, (std::vector<float>{3.5, 4.5, 5.5, 6.5}));
    EXPECT_EQ(deduced, (std::vector<long long>{3, 4, 5, 6}));
}

struct Doubled {
    __device__ int operator()(int x) const { return 2 * x; }
};
struct Scaled {
    int factor;
    __device__ int operator()(int x) const { return factor * x; }
};

template <int Offset, bool Negate, typename Function>
__global__ void apply_kernel(int* out, Function function) {
    int value = function(threadIdx.x) + Offset;
    out[threadIdx.x] = Negate ? -value : value;
}

TEST(Launch, FunctionObjectsAndValuesAreTemplateArguments) {
    constexpr int four = 4;
    auto doubled =
        collect<int>(3, [](int* out) { apply_kernel<1, false><<<1, 3>>>(out, Doubled{}); });
    auto scaled = collect<int>(3, [](int* out) {
        apply_kernel<(four > 3 ? 10 : 0), (2 < four)><<<dim3(1), 3, 0, nullptr>>>(out, Scaled{7});
    });
    EXPECT_EQ(doubled, (std::vector<int>{1, 3, 5}));
    EXPECT_EQ(scaled, (std::vector<int>{-10, -17, -24}));
}

namespace inner {
__global__ void write_kernel(int* out, int value) {
    out[blockIdx.x] = value;
}
}  // namespace inner

TEST(Launch, KernelsInNamespaces) {
    int n = 16;
    auto values =
        collect<int>(n / 4, [=](int* out) { inner::write_kernel<<<(n >> 2), 1 << 3>>>(out, 5); });
    EXPECT_EQ(values, std::vector<int>(4, 5));
}

__global__ void plus_kernel(int* out, int value) {
    *out = value + 1;
}
__global__ void minus_kernel(int* out, int value) {
    *out = value - 1;
}

TEST(Launch, ThroughFunctionPointers) {
    using Kernel = void (*)(int*, int);
    std::array<Kernel, 2> kernels{plus_kernel, minus_kernel};
    std::vector<int> results;
    for (Kernel kernel : kernels) {
        results.push_back(collect<int>(1, [=](int* out) { kernel<<<1, 1>>>(out, 10); })[0]);
    }
    auto kernel = apply_kernel<100, false, Scaled>;
    results.push_back(collect<int>(1, [=](int* out) { kernel<<<1, 1>>>(out, Scaled{3}); })[0]);
    EXPECT_EQ(results, (std::vector<int>{11, 9, 100}));
}

#define TWICE(launch) \
    do {              \
        launch;       \
        launch;       \
    } while (false)

__global__ void increment_kernel(int* value) {
    *value += 1;
}

TEST(Launch, InsideMacroArgumentsAndInOrder) {
    auto value = collect<int>(1, [](int* out) { TWICE((increment_kernel<<<1, 1>>>(out))); });
    EXPECT_EQ(value[0], 1);  // from -1
}

struct Arguments {
    char tag;
    double scale;
    int table[50];
    const int* input;
};

__global__ void struct_argument_kernel(double* out, const Arguments arguments, short bias) {
    int i = threadIdx.x;
    out[i] = arguments.scale * (arguments.table[i] + arguments.input[i]) + arguments.tag + bias;
}

TEST(Launch, StructsArePassedByValue) {
    DeviceBuffer<int> input(tabulate<int>(50, [](int i) { return i * i; }));
    Arguments arguments{'a', 0.5, {}, input.data()};
    for (int i = 0; i < 50; ++i) arguments.table[i] = -i;
    auto values = collect<double>(50, [&](double* out) {
        struct_argument_kernel<<<1, 50>>>(out, arguments, short{-3});
        arguments.scale = 1e9;  // the kernel has its own copy
    });
    EXPECT_EQ(values, tabulate<double>(50, [](int i) { return 0.5 * (i * i - i) + 'a' - 3; }));
}

__global__ void changing_parameters_kernel(int* out, int n, Scaled scaled) {
    out += blockIdx.x * blockDim.x + threadIdx.x;
    n += threadIdx.x;
    scaled.factor += blockIdx.x;
    __syncthreads();
    *out = scaled(n);
}

TEST(Launch, EachThreadHasItsOwnParameters) {
    auto values = collect<int>(
        256, [](int* out) { changing_parameters_kernel<<<4, 64>>>(out, 5, Scaled{2}); });
    EXPECT_EQ(values, tabulate<int>(256, [](int i) { return (2 + i / 64) * (5 + i % 64); }));
}

TEST(Launch, ConvertsArgumentsToTheParameterTypes) {
    auto values =
        collect<double>(2, [](double* out) { add_kernel<double><<<1, 2>>>(out, 3, 'A'); });
    EXPECT_EQ(values, (std::vector<double>{68, 69}));
}

TEST(Launch, CudaLaunchKernelTakesPointersToTheArguments) {
    double a = 1.25;
    double b = 2.5;
    auto values = collect<double>(3, [&](double* out) {
        void* arguments[] = {&out, &a, &b};
        T2T_CHECK(cudaLaunchKernel(add_kernel<double>, dim3(1), dim3(3), arguments, 0, nullptr));
    });
    EXPECT_EQ(values, (std::vector<double>{3.75, 4.75, 5.75}));
}

__global__ void __launch_bounds__(128, 2) bounded_kernel(int* out) {
    out[threadIdx.x] = threadIdx.x;
}

TEST(Launch, LaunchBoundsAllowWhatTheyName) {
    auto values = collect<int>(128, [](int* out) { bounded_kernel<<<1, 128>>>(out); });
    EXPECT_EQ(values, tabulate<int>(128, [](int i) { return i; }));
}

using UnaryFunction = int (*)(int);
__device__ int square(int x) {
    return x * x;
}
__device__ int negate(int x) {
    return -x;
}
__device__ UnaryFunction device_functions[] = {square, negate};

__global__ void call_kernel(int* out) {
    UnaryFunction function = device_functions[threadIdx.x % 2];
    out[threadIdx.x] = function(threadIdx.x);
}

TEST(Launch, DeviceFunctionPointers) {
    auto values = collect<int>(6, [](int* out) { call_kernel<<<1, 6>>>(out); });
    EXPECT_EQ(values, (std::vector<int>{0, -1, 4, -3, 16, -5}));
}

__constant__ float coefficients[4];
__device__ int counter = 5;
__device__ double matrix[3][4];

__global__ void polynomial_kernel(float* out) {
    float x = threadIdx.x;
    out[threadIdx.x] =
        coefficients[0] + x * (coefficients[1] + x * (coefficients[2] + x * coefficients[3]));
}

TEST(Symbols, ConstantMemoryIsCopiedToAndRead) {
    float values[] = {1, -2, 3, 0.5f};
    T2T_CHECK(cudaMemcpyToSymbol(coefficients, values, sizeof values));
    auto results = collect<float>(8, [](float* out) { polynomial_kernel<<<1, 8>>>(out); });
    EXPECT_EQ(results,
              tabulate<float>(8, [](int x) { return 1 - 2 * x + 3 * x * x + 0.5 * x * x * x; }));
    float last[] = {10, 20};
    T2T_CHECK(cudaMemcpyToSymbol(coefficients, last, sizeof last, 2 * sizeof(float)));
    float all[4];
    T2T_CHECK(cudaMemcpyFromSymbol(all, coefficients, sizeof all));
    EXPECT_EQ(std::vector(all, all + 4), (std::vector<float>{1, -2, 10, 20}));
}

__global__ void count_kernel() {
    atomicAdd(&counter, 1);
}

TEST(Symbols, DeviceVariablesKeepTheirValueBetweenLaunches) {
    int start = 100;
    T2T_CHECK(cudaMemcpyToSymbol(counter, &start, sizeof start));
    count_kernel<<<3, 7>>>();
    count_kernel<<<2, 2>>>();
    int value = 0;
    T2T_CHECK(cudaMemcpyFromSymbol(&value, counter, sizeof value));
    EXPECT_EQ(value, 125);
}

__global__ void fill_matrix_kernel() {
    matrix[threadIdx.y][threadIdx.x] = threadIdx.y + 0.1 * threadIdx.x;
}

TEST(Symbols, HaveAnAddressAndASize) {
    fill_matrix_kernel<<<1, dim3(4, 3)>>>();
    void* address = nullptr;
    std::size_t bytes = 0;
    T2T_CHECK(cudaGetSymbolAddress(&address, matrix));
    T2T_CHECK(cudaGetSymbolSize(&bytes, matrix));
    ASSERT_EQ(bytes, 12 * sizeof(double));
    std::vector<double> values(12);
    T2T_CHECK(cudaMemcpy(values.data(), address, bytes, cudaMemcpyDeviceToHost));
    EXPECT_EQ(values, tabulate<double>(12, [](int i) { return i / 4 + 0.1 * (i % 4); }));
}

__global__ void print_kernel() {
    if (threadIdx.x == 2)
        printf("thread %d of block %u says %.2f %s\n", threadIdx.x, blockIdx.x, 0.5, "hi");
}

TEST(Launch, PrintfWritesToStandardOutput) {
    testing::internal::CaptureStdout();
    print_kernel<<<1, 4>>>();
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "thread 2 of block 0 says 0.50 hi\n");
}

__global__ void clock_kernel(long long* out, const int* work) {
    long long start = clock64();
    int sum = 0;
    for (int i = 0; i < 1000; ++i) sum += work[i];
    out[1] = sum;
    out[0] = clock64() - start;
}

TEST(Launch, TheClockGrows) {
    DeviceBuffer<int> work(std::vector<int>(1000, 3));
    auto values =
        collect<long long>(2, [&](long long* out) { clock_kernel<<<1, 1>>>(out, work.data()); });
    EXPECT_GT(values[0], 0);
    EXPECT_EQ(values[1], 3000);
}

}  // namespace
}  // namespace t2t::conformance
