// Barriers that not every thread of the block reaches.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__global__ void barrier_of_half_a_warp_kernel(int* out) {
    if (threadIdx.x < 16) {
        __syncthreads();  // fault
        out[threadIdx.x] = 1;
    }
}

__global__ void two_barriers_for_one_kernel(int* out) {
    if (threadIdx.x % 2 == 0) {
        out[threadIdx.x] = 1;
        __syncthreads();  // fault
    } else {
        __syncthreads();  // fault
        out[threadIdx.x] = 2;
    }
}

__global__ void return_before_the_barrier_kernel(const float* in, float* out, int n) {
    __shared__ float tile[64];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    tile[threadIdx.x] = in[i];
    __syncthreads();  // fault
    out[i] = tile[threadIdx.x / 2];
}

__global__ void trip_count_by_thread_kernel(int* out) {
    for (unsigned i = 0; i <= threadIdx.x / 32; ++i) {
        __syncthreads();  // fault
    }
    out[threadIdx.x] = 1;
}

__global__ void vote_of_some_threads_kernel(int* out) {
    if (threadIdx.x != 40) out[threadIdx.x] = __syncthreads_count(1);  // fault
}

// Lanes 0 to 15 wait for the block, the others for their warp: nobody goes on.
__global__ void deadlock_kernel(int* out) {
    if (threadIdx.x < 16) {
        __syncthreads();  // fault
    } else {
        __syncwarp();  // fault
    }
    out[threadIdx.x] = 1;
}

const Planted divergent[] = {
    {"barrier_of_half_a_warp_kernel", FaultKind::divergent_barrier,
     [] {
         auto out = filled<int>(32);
         barrier_of_half_a_warp_kernel<<<1, 32>>>(out.data());
     },
     "", anyone},
    {"two_barriers_for_one_kernel", FaultKind::divergent_barrier,
     [] {
         auto out = filled<int>(64);
         two_barriers_for_one_kernel<<<1, 64>>>(out.data());
     },
     "", anyone},
    {"return_before_the_barrier_kernel", FaultKind::divergent_barrier,
     [] {
         auto in = filled<float>(100);
         auto out = filled<float>(100);
         return_before_the_barrier_kernel<<<2, 64>>>(in.data(), out.data(), 100);
     },
     "", [](At who, At) { return who.block.x == 1; }},
    {"trip_count_by_thread_kernel", FaultKind::divergent_barrier,
     [] {
         auto out = filled<int>(96);
         trip_count_by_thread_kernel<<<1, 96>>>(out.data());
     },
     "", anyone},
    {"vote_of_some_threads_kernel", FaultKind::divergent_barrier,
     [] {
         auto out = filled<int>(64);
         vote_of_some_threads_kernel<<<1, 64>>>(out.data());
     },
     "", anyone},
    {"deadlock_kernel", FaultKind::divergent_barrier,
     [] {
         auto out = filled<int>(32);
         deadlock_kernel<<<1, 32>>>(out.data());
     },
     "", anyone},
};

class DivergentBarrier : public testing::TestWithParam<Planted> {};
TEST_P(DivergentBarrier, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, DivergentBarrier, testing::ValuesIn(divergent), planted_name);

}  // namespace
}  // namespace t2t::observer
