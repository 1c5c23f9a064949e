// Memory of other kinds: boxes, pools, managed memory.
#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

TEST(Boxes, AreCopiedWithTheirCorners) {
    constexpr std::size_t width = 5, height = 4, depth = 3;  // of ints, on the host
    const auto host = tabulate<int>(width * height * depth, [](int i) { return i; });
    cudaPitchedPtr box;
    T2T_CHECK(cudaMalloc3D(&box, make_cudaExtent(width * sizeof(int), height, depth)));
    EXPECT_GE(box.pitch, width * sizeof(int));
    EXPECT_EQ(box.ysize, height);
    T2T_CHECK(cudaMemset3D(box, 0xff, make_cudaExtent(width * sizeof(int), height, depth)));

    // The host's part of 3 × 2 × 2 that begins at (1, 1, 1) goes to (2, 0, 1).
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(const_cast<int*>(host.data()), width * sizeof(int),
                                      width * sizeof(int), height);
    copy.srcPos = make_cudaPos(1 * sizeof(int), 1, 1);
    copy.dstPtr = box;
    copy.dstPos = make_cudaPos(2 * sizeof(int), 0, 1);
    copy.extent = make_cudaExtent(3 * sizeof(int), 2, 2);
    copy.kind = cudaMemcpyHostToDevice;
    T2T_CHECK(cudaMemcpy3D(&copy));

    std::vector<int> result(host.size());
    cudaMemcpy3DParms back = {};
    back.srcPtr = box;
    back.dstPtr =
        make_cudaPitchedPtr(result.data(), width * sizeof(int), width * sizeof(int), height);
    back.extent = make_cudaExtent(width * sizeof(int), height, depth);
    back.kind = cudaMemcpyDeviceToHost;
    T2T_CHECK(cudaMemcpy3D(&back));
    std::vector<int> expected(host.size(), -1);
    for (std::size_t z = 0; z < 2; ++z) {
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 3; ++x) {
                expected[((z + 1) * height + y) * width + x + 2] =
                    host[((z + 1) * height + y + 1) * width + x + 1];
            }
        }
    }
    EXPECT_EQ(result, expected);
    cudaFree(box.ptr);
}

TEST(Rows, AreFilledInAStream) {
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreate(&stream));
    DeviceBuffer<unsigned char> memory(40);
    T2T_CHECK(cudaMemset(memory.data(), 0, 40));
    T2T_CHECK(cudaMemset2DAsync(memory.data() + 1, 10, 7, 3, 4, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(memory.download(),
              tabulate<unsigned char>(40, [](int i) { return i % 10 >= 1 && i % 10 < 4 ? 7 : 0; }));
    cudaStreamDestroy(stream);
}

std::uint64_t used(cudaMemPool_t pool, cudaMemPoolAttr attribute) {
    std::uint64_t bytes = 0;
    T2T_CHECK(cudaMemPoolGetAttribute(pool, attribute, &bytes));
    return bytes;
}

TEST(Pools, CountWhatIsTakenFromThem) {
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreate(&stream));
    cudaMemPool_t pool;
    cudaMemPoolProps properties = {};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = 0;
    T2T_CHECK(cudaMemPoolCreate(&pool, &properties));
    std::uint64_t threshold = 1 << 20;
    T2T_CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
    EXPECT_EQ(used(pool, cudaMemPoolAttrReleaseThreshold), threshold);
    float *first, *second;
    T2T_CHECK(cudaMallocFromPoolAsync(&first, 4096, pool, stream));
    T2T_CHECK(cudaMallocAsync(&second, 8192, pool, stream));
    T2T_CHECK(cudaMemsetAsync(second, 0, 8192, stream));
    EXPECT_EQ(used(pool, cudaMemPoolAttrUsedMemCurrent), 4096u + 8192u);
    T2T_CHECK(cudaFreeAsync(first, stream));
    T2T_CHECK(cudaFreeAsync(second, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(used(pool, cudaMemPoolAttrUsedMemCurrent), 0u);
    EXPECT_EQ(used(pool, cudaMemPoolAttrUsedMemHigh), 4096u + 8192u);
    T2T_CHECK(cudaMemPoolTrimTo(pool, 0));
    T2T_CHECK(cudaMemPoolDestroy(pool));
    cudaStreamDestroy(stream);
}

TEST(Pools, TheDeviceHasOne) {
    cudaMemPool_t standard, current;
    T2T_CHECK(cudaDeviceGetDefaultMemPool(&standard, 0));
    T2T_CHECK(cudaDeviceGetMemPool(&current, 0));
    EXPECT_EQ(standard, current);
    EXPECT_EQ(cudaDeviceSetMemPool(0, nullptr), cudaErrorInvalidValue);
    cudaGetLastError();
}

__global__ void fill_kernel(int* values) {
    values[threadIdx.x] = threadIdx.x;
}

TEST(Pools, ServeGraphsThatAreCaptured) {
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreate(&stream));
    DeviceBuffer<int> result(32);
    int* scratch;
    cudaGraph_t graph;
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    T2T_CHECK(cudaMallocAsync(&scratch, result.bytes(), stream));
    fill_kernel<<<1, 32, 0, stream>>>(scratch);
    T2T_CHECK(
        cudaMemcpyAsync(result.data(), scratch, result.bytes(), cudaMemcpyDeviceToDevice, stream));
    T2T_CHECK(cudaFreeAsync(scratch, stream));
    T2T_CHECK(cudaStreamEndCapture(stream, &graph));
    cudaGraphExec_t executable;
    T2T_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (int i = 0; i < 2; ++i) {
        T2T_CHECK(cudaMemset(result.data(), 0, result.bytes()));
        T2T_CHECK(cudaGraphLaunch(executable, stream));
        T2T_CHECK(cudaStreamSynchronize(stream));
        EXPECT_EQ(result.download(), tabulate<int>(32, [](int k) { return k; }));
    }
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
    cudaStreamDestroy(stream);
}

__managed__ int managed_sum = 5;

__global__ void add_kernel(int* value) {
    atomicAdd(value, 1);
    atomicAdd(&managed_sum, 2);
}

TEST(ManagedMemory, IsTheHostsAndTheDevices) {
    managed_sum = 5;
    int* value;
    T2T_CHECK(cudaMallocManaged(&value, sizeof(int)));
    *value = 100;
    cudaMemLocation here = {};
    here.type = cudaMemLocationTypeDevice;
    here.id = 0;
    T2T_CHECK(cudaMemAdvise(value, sizeof(int), cudaMemAdviseSetPreferredLocation, here));
    T2T_CHECK(cudaMemPrefetchAsync(value, sizeof(int), here, 0));
    add_kernel<<<1, 32>>>(value);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(*value, 132);
    EXPECT_EQ(managed_sum, 69);
    cudaFree(value);
}

}  // namespace
}  // namespace t2t::conformance
