// volatile orders nothing: it only makes the compiler access memory each time.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/clean.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// The reduction of books from before 2017: lanes of a warp no longer go in step.
__global__ void last_warp_volatile_kernel(const float* in, float* out) {
    __shared__ float sums[64];
    sums[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    if (threadIdx.x < 32) {
        volatile float* v = sums;
        for (int width = 32; width > 0; width /= 2) {
            v[threadIdx.x] = v[threadIdx.x] + v[threadIdx.x + width];  // fault
        }
    }
    if (threadIdx.x == 0) *out = sums[0];
}

__global__ void volatile_neighbour_kernel(const int* in, int* out) {
    __shared__ volatile int tile[64];
    tile[threadIdx.x] = in[threadIdx.x];        // fault
    out[threadIdx.x] = tile[63 - threadIdx.x];  // fault
}

__global__ void flag_without_fence_kernel(int* out) {
    __shared__ int data;
    __shared__ volatile int flag;
    if (threadIdx.x == 0) flag = 0;
    __syncthreads();
    if (threadIdx.x == 32) {
        data = 42;  // fault
        flag = 1;
    }
    if (threadIdx.x == 0) {
        while (flag == 0) __nanosleep(20);
        *out = data;  // fault
    }
}

const Planted volatiles[] = {
    {"last_warp_volatile_kernel",
     FaultKind::shared_race,
     [] {
         auto in = filled<float>(64, 1.0f);
         auto out = filled<float>(1);
         last_warp_volatile_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`sums`",
     [](At one, At other) { return one.thread.x < 32 && other.thread.x < 32; },
     {},
     Partner::may_be_unknown},
    {"volatile_neighbour_kernel",
     FaultKind::shared_race,
     [] {
         auto in = filled<int>(64, 1);
         auto out = filled<int>(64);
         volatile_neighbour_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`tile`",
     [](At one, At other) { return one.thread.x + other.thread.x == 63; },
     {FaultKind::uninitialised_shared}},
};

class Volatile : public testing::TestWithParam<Planted> {};
TEST_P(Volatile, OrdersNothing) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, Volatile, testing::ValuesIn(volatiles), planted_name);

// Both the flag and what it stands for are raced for.
TEST(VolatileFlag, WithoutAFenceIsARace) {
    const Report report = observe([] {
        auto out = filled<int>(1);
        flag_without_fence_kernel<<<1, 64>>>(out.data());
    });
    bool data = false;
    for (const Fault& fault : report.faults) {
        EXPECT_EQ(fault.kind, FaultKind::shared_race) << fault.message();
        data = data || fault.what.find("`data`") != std::string::npos;
    }
    EXPECT_TRUE(data) << report.faults_text();
}

__global__ void last_warp_with_syncwarp_kernel(const float* in, float* out) {
    __shared__ float sums[64];
    sums[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    if (threadIdx.x < 32) {
        volatile float* v = sums;
        for (int width = 32; width > 0; width /= 2) {
            const float other = v[threadIdx.x + width];
            __syncwarp();
            v[threadIdx.x] = v[threadIdx.x] + other;
            __syncwarp();
        }
    }
    if (threadIdx.x == 0) *out = sums[0];
}

TEST(CleanVolatile, AReductionWithSyncwarp) {
    expect_clean([] {
        auto in = filled<float>(64, 1.0f);
        auto out = filled<float>(1);
        last_warp_with_syncwarp_kernel<<<1, 64>>>(in.data(), out.data());
        EXPECT_EQ(out.download()[0], 64);
    });
}

}  // namespace
}  // namespace t2t::observer
