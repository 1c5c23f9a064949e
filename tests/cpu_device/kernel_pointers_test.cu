// Kernels behind a void*, and launches with attributes.
#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void affine_kernel(int* out, int factor, double offset) {
    out[threadIdx.x] = static_cast<int>(factor * static_cast<int>(threadIdx.x) + offset);
}

template <typename T, int factor>
__global__ void scaled_kernel(T* out) {
    out[threadIdx.x] = static_cast<T>(factor * static_cast<int>(threadIdx.x));
}

// Everything that a launch gets, each of another size: what a wrong order or size would mix up.
std::vector<int> launched_through(const void* kernel) {
    return collect<int>(32, [=](int* out) {
        int factor = 3;
        double offset = 1000.5;
        void* arguments[] = {&out, &factor, &offset};
        T2T_CHECK(cudaLaunchKernel(kernel, dim3(1), dim3(32), arguments, 0, nullptr));
    });
}

const std::vector<int> by_affine = tabulate<int>(32, [](int i) { return 3 * i + 1000; });

TEST(KernelPointers, LaunchWhatTheyPointTo) {
    EXPECT_EQ(launched_through((void*)affine_kernel), by_affine);
    EXPECT_EQ(launched_through((const void*)&affine_kernel), by_affine);
    EXPECT_EQ(launched_through(reinterpret_cast<void*>(affine_kernel)), by_affine);
    EXPECT_EQ(launched_through(reinterpret_cast<const void*>(&conformance::affine_kernel)),
              by_affine);
}

TEST(KernelPointers, LaunchWhatAVariableHolds) {
    void (*kernel)(int*, int, double) = affine_kernel;
    EXPECT_EQ(launched_through((void*)kernel), by_affine);
    void* kept = (void*)affine_kernel;
    EXPECT_EQ(launched_through(kept), by_affine);
}

TEST(KernelPointers, LaunchTemplates) {
    const auto values = collect<float>(32, [](float* out) {
        void* arguments[] = {&out};
        T2T_CHECK(cudaLaunchKernel((void*)scaled_kernel<float, -7>, 1, 32, arguments, 0, nullptr));
    });
    EXPECT_EQ(values, tabulate<float>(32, [](int i) { return -7 * i; }));
}

TEST(KernelPointers, LaunchGridsThatWaitForEachOther) {
    const auto values = collect<int>(32, [](int* out) {
        int factor = 3;
        double offset = 1000.5;
        void* arguments[] = {&out, &factor, &offset};
        T2T_CHECK(cudaLaunchCooperativeKernel((void*)affine_kernel, 1, 32, arguments, 0, nullptr));
    });
    EXPECT_EQ(values, by_affine);
}

TEST(KernelPointers, LaunchWithAttributes) {
    const auto values = collect<int>(32, [](int* out) {
        int factor = 3;
        double offset = 1000.5;
        void* arguments[] = {&out, &factor, &offset};
        cudaLaunchConfig_t config = {};
        config.gridDim = 1;
        config.blockDim = 32;
        T2T_CHECK(cudaLaunchKernelExC(&config, (void*)affine_kernel, arguments));
    });
    EXPECT_EQ(values, by_affine);
}

// Casts to void* that have nothing to do with kernels.
struct Node {
    int values[4];
    Node* next;
    void* self() const { return (void*)this; }
    static bool is(const void* a, void*) { return a != nullptr; }
};

TEST(KernelPointers, LeaveOtherCastsAlone) {
    Node second = {{5, 6, 7, 8}, nullptr};
    Node first = {{1, 2, 3, 4}, &second};
    Node* pointer = &first;
    EXPECT_EQ((void*)pointer, first.self());
    EXPECT_EQ((void*)pointer->next, second.self());
    EXPECT_EQ((void*)first.values, (void*)&first.values[0]);
    EXPECT_EQ(*(int*)((char*)(void*)pointer + sizeof(int)), 2);
    EXPECT_TRUE(Node::is((const void*)&first, (void*)nullptr));
    const std::uintptr_t number = reinterpret_cast<std::uintptr_t>((void*)pointer);
    EXPECT_EQ((void*)number, pointer);
}

TEST(KernelPointers, ThatAreNoKernelAreRefused) {
    int number = 0;
    EXPECT_EQ(cudaLaunchKernel((void*)&number, 1, 1, nullptr, 0, nullptr),
              cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

}  // namespace
}  // namespace t2t::conformance
