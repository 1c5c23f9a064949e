// Two threads of a block on one word of shared memory, and no barrier between.
#include <cuda_bf16.h>

#include "common/device/ptx.cuh"
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__global__ void neighbour_without_barrier_kernel(const float* in, float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = in[threadIdx.x];              // fault
    out[threadIdx.x] = tile[(threadIdx.x + 1) % 64];  // fault
}

__global__ void tile_loop_without_second_barrier_kernel(const float* in, float* out) {
    __shared__ float tile[64];
    float sum = 0;
    for (int step = 0; step < 4; ++step) {
        tile[threadIdx.x] = in[64 * step + threadIdx.x];  // fault
        __syncthreads();
        sum += tile[63 - threadIdx.x];  // fault
    }
    out[threadIdx.x] = sum;
}

__global__ void last_warp_without_syncwarp_kernel(const float* in, float* out) {
    __shared__ float sums[64];
    sums[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    if (threadIdx.x >= 32) return;
    for (int width = 32; width > 0; width /= 2) {
        sums[threadIdx.x] += sums[threadIdx.x + width];  // fault
    }
    if (threadIdx.x == 0) *out = sums[0];
}

// Lane l adds the sum of lane l + 16, l + 8, …, which that lane is about to change.
bool a_power_of_two_apart(At one, At other) {
    const unsigned distance = other.thread.x - one.thread.x;
    return one.thread.x < 32 && other.thread.x < 32 && distance <= 16 && distance != 0 &&
           (distance & (distance - 1)) == 0;
}

__global__ void two_writers_kernel(int* out) {
    __shared__ int warp;
    if (threadIdx.x % 32 == 0) warp = threadIdx.x / 32;  // fault
    __syncthreads();
    out[threadIdx.x] = warp;
}

__global__ void counter_without_atomic_kernel(const float* in, int* out) {
    __shared__ int positive;
    if (threadIdx.x == 0) positive = 0;
    __syncthreads();
    if (in[threadIdx.x] > 0) positive += 1;  // fault
    __syncthreads();
    if (threadIdx.x == 0) *out = positive;
}

__global__ void vector_against_scalar_kernel(const float4* in, float* out) {
    __shared__ __align__(16) float tile[64];
    if (threadIdx.x < 16) reinterpret_cast<float4*>(tile)[threadIdx.x] = in[threadIdx.x];  // fault
    out[threadIdx.x] = tile[63 - threadIdx.x];                                             // fault
}

__global__ void narrow_elements_kernel(const __nv_bfloat16* in, __nv_bfloat16* out) {
    __shared__ __nv_bfloat16 tile[64];
    tile[threadIdx.x] = in[threadIdx.x];        // fault
    out[threadIdx.x] = tile[63 - threadIdx.x];  // fault
}

__global__ void dynamic_tree_without_barrier_kernel(const float* in, float* out) {
    extern __shared__ float sums[];
    sums[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    for (unsigned width = 32; width > 0; width /= 2) {
        if (threadIdx.x < width) sums[threadIdx.x] += sums[threadIdx.x + width];  // fault
    }
    if (threadIdx.x == 0) *out = sums[0];
}

__global__ void transpose_without_barrier_kernel(const float* in, float* out) {
    __shared__ float tile[8][9];
    tile[threadIdx.y][threadIdx.x] = in[8 * threadIdx.y + threadIdx.x];   // fault
    out[8 * threadIdx.y + threadIdx.x] = tile[threadIdx.x][threadIdx.y];  // fault
}

__global__ void syncwarp_of_half_kernel(const int* in, int* out) {
    __shared__ int values[32];
    values[threadIdx.x] = in[threadIdx.x];  // fault
    __syncwarp(threadIdx.x < 16 ? 0x0000ffff : 0xffff0000);
    out[threadIdx.x] = values[threadIdx.x ^ 16];  // fault
}

__global__ void syncwarp_for_a_block_kernel(const int* in, int* out) {
    __shared__ int values[64];
    values[threadIdx.x] = in[threadIdx.x];  // fault
    __syncwarp();
    out[threadIdx.x] = values[threadIdx.x ^ 32];  // fault
}

// The CUDA Programming Guide: votes and shuffles "do not imply a memory barrier".
__global__ void vote_for_a_barrier_kernel(const int* in, int* out) {
    __shared__ int values[32];
    values[threadIdx.x] = in[threadIdx.x];  // fault
    __ballot_sync(0xffffffff, 1);
    out[threadIdx.x] = values[31 - threadIdx.x];  // fault
}

__global__ void broadcast_reused_kernel(const int* in, int* out) {
    __shared__ int slot;
    int sum = 0;
    for (int step = 0; step < 2; ++step) {
        if (threadIdx.x == 0) slot = in[step];  // fault
        __syncthreads();
        sum += slot;  // fault
    }
    out[threadIdx.x] = sum;
}

__global__ void copy_of_another_thread_kernel(const float* in, float* out) {
    __shared__ float tile[64];
    ptx::cp_async<4>(&tile[threadIdx.x], in + threadIdx.x);  // fault
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();                    // for the thread's own copies only
    out[threadIdx.x] = tile[63 - threadIdx.x];  // fault
}

/// kernel<<<1, 64>>>(in, out), `count` elements each.
template <auto kernel, typename In, typename Out, int count = 64, int threads = 64>
void launch() {
    auto in = filled<In>(count);
    auto out = filled<Out>(count);
    kernel<<<1, threads>>>(in.data(), out.data());
}

bool mirrored(At writer, At reader) {
    return writer.thread.x == 63 - reader.thread.x;
}

const Planted cases[] = {
    {"neighbour_without_barrier_kernel",
     FaultKind::shared_race,
     launch<neighbour_without_barrier_kernel, float, float>,
     "`tile`",
     [](At writer, At reader) { return writer.thread.x == (reader.thread.x + 1) % 64; },
     {FaultKind::uninitialised_shared}},
    {"tile_loop_without_second_barrier_kernel", FaultKind::shared_race,
     launch<tile_loop_without_second_barrier_kernel, float, float, 256>, "`tile`", mirrored},
    {"last_warp_without_syncwarp_kernel", FaultKind::shared_race,
     launch<last_warp_without_syncwarp_kernel, float, float>, "`sums`", a_power_of_two_apart},
    {"two_writers_kernel", FaultKind::shared_race,
     [] {
         auto out = filled<int>(64);
         two_writers_kernel<<<1, 64>>>(out.data());
     },
     "`warp`", [](At one, At other) { return one.thread.x == 0 && other.thread.x == 32; }},
    {"counter_without_atomic_kernel", FaultKind::shared_race,
     [] {
         auto in = filled<float>(64, 1.0f);
         auto out = filled<int>(1);
         counter_without_atomic_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`positive`", [](At one, At other) { return one.thread.x != other.thread.x; }},
    {"vector_against_scalar_kernel",
     FaultKind::shared_race,
     launch<vector_against_scalar_kernel, float4, float>,
     "`tile`",
     [](At writer, At reader) {
         return writer.thread.x == (63 - reader.thread.x) / 4 && writer.thread.x != reader.thread.x;
     },
     {FaultKind::uninitialised_shared}},
    {"narrow_elements_kernel",
     FaultKind::shared_race,
     launch<narrow_elements_kernel, __nv_bfloat16, __nv_bfloat16>,
     "`tile`",
     mirrored,
     {FaultKind::uninitialised_shared},
     Partner::may_be_unknown},
    {"dynamic_tree_without_barrier_kernel", FaultKind::shared_race,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(1);
         dynamic_tree_without_barrier_kernel<<<1, 64, 64 * sizeof(float)>>>(in.data(), out.data());
     },
     "", a_power_of_two_apart},
    {"transpose_without_barrier_kernel",
     FaultKind::shared_race,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         transpose_without_barrier_kernel<<<1, dim3(8, 8)>>>(in.data(), out.data());
     },
     "`tile`",
     [](At writer, At reader) {
         return writer.thread.x == reader.thread.y && writer.thread.y == reader.thread.x &&
                writer.thread.x != writer.thread.y;
     },
     {FaultKind::uninitialised_shared}},
    {"syncwarp_of_half_kernel",
     FaultKind::shared_race,
     launch<syncwarp_of_half_kernel, int, int, 32, 32>,
     "`values`",
     [](At writer, At reader) { return writer.thread.x == (reader.thread.x ^ 16); },
     {FaultKind::uninitialised_shared}},
    {"syncwarp_for_a_block_kernel",
     FaultKind::shared_race,
     launch<syncwarp_for_a_block_kernel, int, int>,
     "`values`",
     [](At writer, At reader) { return writer.thread.x == (reader.thread.x ^ 32); },
     {FaultKind::uninitialised_shared}},
    {"vote_for_a_barrier_kernel",
     FaultKind::shared_race,
     launch<vote_for_a_barrier_kernel, int, int, 32, 32>,
     "`values`",
     [](At writer, At reader) { return writer.thread.x == 31 - reader.thread.x; },
     {FaultKind::uninitialised_shared}},
    {"broadcast_reused_kernel", FaultKind::shared_race, launch<broadcast_reused_kernel, int, int>,
     "`slot`", [](At writer, At reader) { return writer.thread.x == 0 && reader.thread.x != 0; }},
    {"copy_of_another_thread_kernel",
     FaultKind::shared_race,
     launch<copy_of_another_thread_kernel, float, float>,
     "`tile`",
     mirrored,
     {FaultKind::uninitialised_shared}},
};

class SharedRace : public testing::TestWithParam<Planted> {};
TEST_P(SharedRace, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, SharedRace, testing::ValuesIn(cases), planted_name);

}  // namespace
}  // namespace t2t::observer
