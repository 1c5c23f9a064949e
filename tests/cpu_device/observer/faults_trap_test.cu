// Kernels that end with a CUDA error.
#include <cassert>

#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__global__ void failed_assertion_kernel(const int* in) {
    assert(in[threadIdx.x] < 64);  // fault
}

__global__ void trap_kernel(int* out) {
    out[threadIdx.x] = 1;
    if (threadIdx.x == 20) __trap();  // fault
}

// Two lanes of one shuffle that disagree about who takes part.
__global__ void deadlock_kernel(int* out) {
    if (threadIdx.x == 0) {
        out[0] = __shfl_sync(0x3, 1, 1);  // fault
    } else if (threadIdx.x == 1) {
        out[1] = __shfl_sync(0x7, 2, 0);  // fault
    }
}

__global__ void division_by_zero_kernel(const int* in, int* out) {
    out[threadIdx.x] = 100 / in[threadIdx.x];  // fault
}

__global__ void endless_recursion_kernel(int* out, int n) {
    struct Recursion {
        static __device__ int depth(int n, volatile int* sink) {
            volatile int local[512];                   // 2 KiB of stack a call
            local[n % 512] = n;                        // fault
            if (n > 0) local[0] = depth(n - 1, sink);  // fault
            *sink = local[n % 512];
            return local[0] + 1;
        }
    };
    if (threadIdx.x == 2) *out = Recursion::depth(n, out);
}

// No lane 7 takes part in what lane 7 calls.
__global__ void mask_without_the_caller_kernel(int* out) {
    const unsigned mask = 0xffffff7f;
    out[threadIdx.x] = __shfl_xor_sync(mask, threadIdx.x, 1);  // fault
}

const Planted traps[] = {
    {"failed_assertion_kernel", FaultKind::trap,
     [] {
         std::vector<int> values(64);
         values[40] = 64;
         DeviceBuffer<int> in(values);
         failed_assertion_kernel<<<1, 64>>>(in.data());
     },
     "in[threadIdx.x] < 64", [](At who, At) { return who.thread.x == 40; }},
    {"trap_kernel", FaultKind::trap,
     [] {
         auto out = filled<int>(64);
         trap_kernel<<<1, 64>>>(out.data());
     },
     "__trap()", [](At who, At) { return who.thread.x == 20; }},
    {"deadlock_kernel", FaultKind::trap,
     [] {
         auto out = filled<int>(32);
         deadlock_kernel<<<1, 32>>>(out.data());
     },
     "thread 0 waits in __shfl_sync with mask 0x00000003",
     [](At who, At) { return who.thread.x < 2; }},
    {"division_by_zero_kernel", FaultKind::trap,
     [] {
         std::vector<int> values(64, 3);
         values[50] = 0;
         DeviceBuffer<int> in(values);
         auto out = filled<int>(64);
         division_by_zero_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "division by zero", [](At who, At) { return who.thread.x == 50; }},
    {"endless_recursion_kernel", FaultKind::trap,
     [] {
         auto out = filled<int>(1);
         endless_recursion_kernel<<<1, 32>>>(out.data(), 1'000'000);
     },
     "stack overflow", [](At who, At) { return who.thread.x == 2; }},
    {"mask_without_the_caller_kernel", FaultKind::trap,
     [] {
         auto out = filled<int>(32);
         mask_without_the_caller_kernel<<<1, 32>>>(out.data());
     },
     "leaves out lane 7", [](At who, At) { return who.thread.x == 7; }},
};

class Trap : public testing::TestWithParam<Planted> {};
TEST_P(Trap, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, Trap, testing::ValuesIn(traps), planted_name);

}  // namespace
}  // namespace t2t::observer
