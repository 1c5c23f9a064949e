// Reads of memory that nothing has written.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// ---- global memory ------------------------------------------------------------------------------

__global__ void copy_kernel(const float* in, float* out) {
    out[threadIdx.x] = in[threadIdx.x];  // fault
}

__global__ void second_half_kernel(const float* values, float* out) {
    out[threadIdx.x] = values[threadIdx.x];  // fault
}

__global__ void accumulate_kernel(const float* in, float* sums) {
    sums[threadIdx.x] += in[threadIdx.x];  // fault
}

__global__ void row_padding_kernel(const float* rows /* [4, 16], 12 columns filled */, float* out) {
    const int i = 16 * threadIdx.y + threadIdx.x;
    out[i] = rows[i];  // fault
}

__global__ void count_from_nothing_kernel(int* count) {
    atomicAdd(count, 1);  // fault
}

__global__ void fill_even_kernel(float* values) {
    values[2 * threadIdx.x] = 1;
}
__global__ void read_odd_kernel(const float* values, float* out) {
    out[threadIdx.x] = values[threadIdx.x];  // fault
}

const Planted unwritten[] = {
    {"copy_kernel", FaultKind::uninitialised_global,
     [] {
         DeviceBuffer<float> in(64);
         auto out = filled<float>(64);
         copy_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`in`", anyone},
    {"second_half_kernel", FaultKind::uninitialised_global,
     [] {
         DeviceBuffer<float> values(64);
         values.upload(std::vector<float>(32));
         auto out = filled<float>(64);
         second_half_kernel<<<1, 64>>>(values.data(), out.data());
     },
     "`values`", [](At who, At) { return who.thread.x >= 32; }},
    {"accumulate_kernel", FaultKind::uninitialised_global,
     [] {
         auto in = filled<float>(64);
         DeviceBuffer<float> sums(64);
         accumulate_kernel<<<1, 64>>>(in.data(), sums.data());
     },
     "`sums`", anyone},
    {"row_padding_kernel", FaultKind::uninitialised_global,
     [] {
         const std::vector<float> host(4 * 12);
         DeviceBuffer<float> rows(4 * 16);
         T2T_CHECK(cudaMemcpy2D(rows.data(), 16 * sizeof(float), host.data(), 12 * sizeof(float),
                                12 * sizeof(float), 4, cudaMemcpyHostToDevice));
         auto out = filled<float>(4 * 16);
         row_padding_kernel<<<1, dim3(16, 4)>>>(rows.data(), out.data());
     },
     "`rows`", [](At who, At) { return who.thread.x >= 12; }},
    {"count_from_nothing_kernel", FaultKind::uninitialised_global,
     [] {
         DeviceBuffer<int> count(1);
         count_from_nothing_kernel<<<1, 32>>>(count.data());
     },
     "`count`", anyone},
    {"read_odd_kernel", FaultKind::uninitialised_global,
     [] {
         DeviceBuffer<float> values(64);
         auto out = filled<float>(64);
         fill_even_kernel<<<1, 32>>>(values.data());
         read_odd_kernel<<<1, 64>>>(values.data(), out.data());
     },
     "`values`", [](At who, At) { return who.thread.x % 2 == 1; }},
};

// ---- shared memory ------------------------------------------------------------------------------

__global__ void static_array_kernel(const float* in, float* out) {
    __shared__ float tile[64];
    if (threadIdx.x == 100) tile[0] = in[0];  // there is no such thread
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x];  // fault
}

__global__ void dynamic_array_kernel(const float* in, float* out) {
    extern __shared__ float tile[];
    if (threadIdx.x < 32) tile[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x];  // fault
}

__global__ void unfilled_border_kernel(const float* in, float* out) {
    __shared__ float tile[66];  // 64 elements and a border of one on either side
    tile[threadIdx.x + 1] = in[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x] + tile[threadIdx.x + 2];  // fault
}

__global__ void accumulator_never_zeroed_kernel(const int* in, int* out) {
    __shared__ int sum;
    atomicAdd(&sum, in[threadIdx.x]);  // fault
    __syncthreads();
    if (threadIdx.x == 0) *out = sum;
}

__global__ void one_sum_a_warp_kernel(float* out) {
    __shared__ float sums[32];  // one for each of the block's 2 warps, of which there may be 32
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = 1;
    __syncthreads();
    if (threadIdx.x < 32) out[threadIdx.x] = sums[threadIdx.x];  // fault
}

__global__ void what_the_last_block_left_kernel(float* out) {
    __shared__ float value;
    if (blockIdx.x == 0) value = 1;
    __syncthreads();
    out[blockIdx.x] = value;  // fault
}

const Planted unwritten_shared[] = {
    {"static_array_kernel", FaultKind::uninitialised_shared,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         static_array_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`tile`", anyone},
    {"dynamic_array_kernel", FaultKind::uninitialised_shared,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         dynamic_array_kernel<<<1, 64, 64 * sizeof(float)>>>(in.data(), out.data());
     },
     "", [](At who, At) { return who.thread.x >= 32; }},
    {"unfilled_border_kernel", FaultKind::uninitialised_shared,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         unfilled_border_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`tile`", [](At who, At) { return who.thread.x == 0 || who.thread.x == 63; }},
    {"accumulator_never_zeroed_kernel", FaultKind::uninitialised_shared,
     [] {
         auto in = filled<int>(64);
         auto out = filled<int>(1);
         accumulator_never_zeroed_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`sum`", anyone},
    {"one_sum_a_warp_kernel", FaultKind::uninitialised_shared,
     [] {
         auto out = filled<float>(32);
         one_sum_a_warp_kernel<<<1, 64>>>(out.data());
     },
     "`sums`", [](At who, At) { return who.thread.x >= 2 && who.thread.x < 32; }},
    {"what_the_last_block_left_kernel", FaultKind::uninitialised_shared,
     [] {
         auto out = filled<float>(2);
         what_the_last_block_left_kernel<<<2, 1>>>(out.data());
     },
     "`value`", [](At who, At) { return who.block.x == 1; }},
};

class UninitialisedGlobal : public testing::TestWithParam<Planted> {};
TEST_P(UninitialisedGlobal, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, UninitialisedGlobal, testing::ValuesIn(unwritten), planted_name);

class UninitialisedShared : public testing::TestWithParam<Planted> {};
TEST_P(UninitialisedShared, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, UninitialisedShared, testing::ValuesIn(unwritten_shared),
                         planted_name);

}  // namespace
}  // namespace t2t::observer
