// Sound kernels on memory that the host fills, frees, copies and hands out in its various ways.
#include <cstring>

#include "common/device/stream.hpp"
#include "tests/cpu_device/observer/clean.hpp"

namespace t2t::observer {
namespace {

__global__ void add_one_kernel(const int* in, int* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = in[i] + 1;
}

__global__ void rotate_kernel(const int* in, int* out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = in[(i + 100) % n];  // what another block wrote in the launch before
}

TEST(CleanHost, ALaunchSeesWhatTheLastOneWrote) {
    expect_clean([] {
        DeviceBuffer<int> a(std::vector<int>(256, 1));
        DeviceBuffer<int> b(256);
        for (int launch = 0; launch < 3; ++launch) {
            rotate_kernel<<<4, 64>>>(a.data(), b.data(), 256);
            rotate_kernel<<<4, 64>>>(b.data(), a.data(), 256);
        }
    });
}

TEST(CleanHost, MemoryFromBeforeTheObservation) {
    DeviceBuffer<int> in(std::vector<int>(64, 1));
    DeviceBuffer<int> out(64);
    expect_clean([&] { add_one_kernel<<<1, 64>>>(in.data(), out.data()); });
    expect_clean([&] { add_one_kernel<<<1, 64>>>(out.data(), in.data()); });
}

TEST(CleanHost, MemoryThatCudaMemsetWrote) {
    expect_clean([] {
        DeviceBuffer<int> in(64);
        DeviceBuffer<int> out(64);
        T2T_CHECK(cudaMemset(in.data(), 0, in.bytes()));
        add_one_kernel<<<1, 64>>>(in.data(), out.data());
    });
}

TEST(CleanHost, ACopyOnTheDeviceBringsWhatWasWritten) {
    expect_clean([] {
        DeviceBuffer<int> a(std::vector<int>(64, 1));
        DeviceBuffer<int> b(64);
        DeviceBuffer<int> out(64);
        T2T_CHECK(cudaMemcpy(b.data(), a.data(), a.bytes(), cudaMemcpyDeviceToDevice));
        add_one_kernel<<<1, 64>>>(b.data(), out.data());
    });
}

__global__ void sum_of_rows_kernel(const float* in /* [4, pitch] */, int pitch, float* out) {
    float sum = 0;
    for (int row = 0; row < 4; ++row) sum += in[row * pitch + threadIdx.x];
    out[threadIdx.x] = sum;
}

TEST(CleanHost, RowsThatCudaMemcpy2DWrote) {
    expect_clean([] {
        const std::vector<float> host(4 * 12, 1.0f);
        DeviceBuffer<float> rows(4 * 16);
        DeviceBuffer<float> out(12);
        T2T_CHECK(cudaMemcpy2D(rows.data(), 16 * sizeof(float), host.data(), 12 * sizeof(float),
                               12 * sizeof(float), 4, cudaMemcpyHostToDevice));
        sum_of_rows_kernel<<<1, 12>>>(rows.data(), 16, out.data());
        EXPECT_EQ(out.download(), std::vector<float>(12, 4.0f));
    });
}

TEST(CleanHost, MemoryFreedAndAllocatedAgain) {
    expect_clean([] {
        for (int size : {64, 64, 128, 64, 4096, 64}) {
            DeviceBuffer<int> in(std::vector<int>(size, 1));
            DeviceBuffer<int> out(size);
            add_one_kernel<<<size / 64, 64>>>(in.data(), out.data());
        }
    });
}

TEST(CleanHost, PinnedMemoryOfTheHost) {
    expect_clean([] {
        PinnedBuffer<int> in(64);
        PinnedBuffer<int> out(64);
        for (int& value : in.span()) value = 4;
        add_one_kernel<<<1, 64>>>(in.data(), out.data());
        T2T_CHECK(cudaDeviceSynchronize());
        EXPECT_EQ(out.data()[63], 5);
    });
}

TEST(CleanHost, ManagedMemory) {
    expect_clean([] {
        int* values = nullptr;
        T2T_CHECK(cudaMallocManaged(&values, 128 * sizeof(int)));
        for (int i = 0; i < 64; ++i) values[i] = i;
        add_one_kernel<<<1, 64>>>(values, values + 64);
        T2T_CHECK(cudaDeviceSynchronize());
        EXPECT_EQ(values[127], 64);
        T2T_CHECK(cudaFree(values));
    });
}

TEST(CleanHost, StreamsOneAfterTheOther) {
    expect_clean([] {
        const Stream first;
        const Stream second;
        DeviceBuffer<int> a(std::vector<int>(256, 1));
        DeviceBuffer<int> b(256);
        rotate_kernel<<<4, 64, 0, first.get()>>>(a.data(), b.data(), 256);
        first.synchronize();
        rotate_kernel<<<4, 64, 0, second.get()>>>(b.data(), a.data(), 256);
        second.synchronize();
    });
}

TEST(CleanHost, AGraphReplayed) {
    expect_clean([] {
        const Stream stream;
        DeviceBuffer<int> a(std::vector<int>(256, 1));
        DeviceBuffer<int> b(256);
        cudaGraph_t graph = nullptr;
        cudaGraphExec_t executable = nullptr;
        T2T_CHECK(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
        add_one_kernel<<<4, 64, 0, stream.get()>>>(a.data(), b.data());
        rotate_kernel<<<4, 64, 0, stream.get()>>>(b.data(), a.data(), 256);
        T2T_CHECK(cudaStreamEndCapture(stream.get(), &graph));
        T2T_CHECK(cudaGraphInstantiate(&executable, graph, 0));
        for (int replay = 0; replay < 3; ++replay) {
            T2T_CHECK(cudaGraphLaunch(executable, stream.get()));
        }
        stream.synchronize();
        EXPECT_EQ(a.download(), std::vector<int>(256, 4));
        T2T_CHECK(cudaGraphExecDestroy(executable));
        T2T_CHECK(cudaGraphDestroy(graph));
    });
}

__constant__ int offsets[32];
__constant__ int factor = 3;
__device__ int counter;
__device__ int table[32] = {1, 1, 2, 3, 5, 8};

__global__ void symbols_kernel(int* out) {
    atomicAdd(&counter, 1);
    table[threadIdx.x] += offsets[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = factor * table[31 - threadIdx.x];
}

TEST(CleanHost, ConstantAndDeviceVariables) {
    expect_clean([] {
        const std::vector<int> values(32, 10);
        T2T_CHECK(cudaMemcpyToSymbol(offsets, values.data(), sizeof offsets));
        DeviceBuffer<int> out(32);
        symbols_kernel<<<1, 32>>>(out.data());
        EXPECT_EQ(out.download()[31], 3 * 11);
        int launched = 0;
        T2T_CHECK(cudaMemcpyFromSymbol(&launched, counter, sizeof launched));
        EXPECT_EQ(launched, 32);
    });
}

TEST(CleanHost, ADeviceVariableThroughItsAddress) {
    expect_clean([] {
        void* address = nullptr;
        T2T_CHECK(cudaGetSymbolAddress(&address, table));
        DeviceBuffer<int> out(32);
        add_one_kernel<<<1, 32>>>(static_cast<const int*>(address), out.data());
    });
}

}  // namespace
}  // namespace t2t::observer
