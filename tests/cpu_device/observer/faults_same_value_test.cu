// Threads that nothing orders, and that all store the same value.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__global__ void any_negative_kernel(const int* in, int* found) {
    if (in[threadIdx.x] < 0) *found = 1;  // fault
}

__global__ void any_negative_in_shared_kernel(const int* in, int* out) {
    __shared__ int found;
    if (threadIdx.x == 0) found = 0;
    __syncthreads();
    if (in[threadIdx.x] < 0) found = 1;  // fault
    __syncthreads();
    out[threadIdx.x] = found;
}

// Most store 1, and one stores 2.
__global__ void one_differs_kernel(int* out) {
    *out = threadIdx.x == 40 ? 2 : 1;  // fault
}

__global__ void narrow_value_kernel(unsigned char* out) {
    *out = 200;  // fault
}

bool two_threads(At one, At other) {
    return one.thread.x != other.thread.x;
}

const Planted same_values[] = {
    {"any_negative_kernel", FaultKind::same_value_race,
     [] {
         auto in = filled<int>(64, -1);
         auto found = filled<int>(1);
         any_negative_kernel<<<1, 64>>>(in.data(), found.data());
     },
     "`found`", two_threads},
    {"any_negative_in_shared_kernel", FaultKind::same_value_race,
     [] {
         auto in = filled<int>(64, -1);
         auto out = filled<int>(64);
         any_negative_in_shared_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`found`", two_threads},
    {"one_differs_kernel", FaultKind::global_race_in_block,
     [] {
         auto out = filled<int>(1);
         one_differs_kernel<<<1, 64>>>(out.data());
     },
     "`out`", two_threads},
    {"narrow_value_kernel", FaultKind::same_value_race,
     [] {
         auto out = filled<unsigned char>(1);
         narrow_value_kernel<<<1, 64>>>(out.data());
     },
     "`out`", two_threads},
};

class SameValue : public testing::TestWithParam<Planted> {};
TEST_P(SameValue, IsTold) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, SameValue, testing::ValuesIn(same_values), planted_name);

}  // namespace
}  // namespace t2t::observer
