// Shared memory outside of its arrays, and indices past the extent of an array.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// ---- shared memory ------------------------------------------------------------------------------

__global__ void read_past_a_static_array_kernel(float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = threadIdx.x;
    __syncthreads();
    const float* next = tile + threadIdx.x + 1;
    out[threadIdx.x] = *next;  // fault
}

__global__ void write_past_a_static_array_kernel(const float* in, float* out, int stride) {
    __shared__ float row[64];
    float* place = row + threadIdx.x;
    for (int i = 0; i < 2; ++i) place[stride * i] = in[threadIdx.x];  // fault
    __syncthreads();
    out[threadIdx.x] = row[threadIdx.x];
}

__global__ void read_before_a_static_array_kernel(float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = threadIdx.x;
    __syncthreads();
    const float* left = tile + threadIdx.x - 1;
    out[threadIdx.x] = *left;  // fault
}

__global__ void past_the_dynamic_bytes_kernel(float* out) {
    extern __shared__ float values[];  // room for 64
    values[threadIdx.x] = threadIdx.x;
    __syncthreads();
    if (threadIdx.x == 9) *out = values[65];  // fault
}

__global__ void forgotten_dynamic_bytes_kernel(const float* in) {
    extern __shared__ float values[];
    values[threadIdx.x] = in[threadIdx.x];  // fault
}

const Planted shared[] = {
    {"read_past_a_static_array_kernel", FaultKind::shared_out_of_bounds,
     [] {
         auto out = filled<float>(64);
         read_past_a_static_array_kernel<<<1, 64>>>(out.data());
     },
     "0 bytes past the shared array `tile`", [](At who, At) { return who.thread.x == 63; }},
    {"write_past_a_static_array_kernel", FaultKind::shared_out_of_bounds,
     [] {
         auto in = filled<float>(1);
         auto out = filled<float>(64);
         write_past_a_static_array_kernel<<<1, 1>>>(in.data(), out.data(), 64);
     },
     "0 bytes past the shared array `row`", [](At who, At) { return who.thread.x == 0; }},
    {"read_before_a_static_array_kernel", FaultKind::shared_out_of_bounds,
     [] {
         auto out = filled<float>(64);
         read_before_a_static_array_kernel<<<1, 64>>>(out.data());
     },
     "4 bytes before the shared array `tile`", [](At who, At) { return who.thread.x == 0; }},
    {"past_the_dynamic_bytes_kernel", FaultKind::shared_out_of_bounds,
     [] {
         auto out = filled<float>(1);
         past_the_dynamic_bytes_kernel<<<1, 64, 64 * sizeof(float)>>>(out.data());
     },
     "4 bytes past", [](At who, At) { return who.thread.x == 9; }},
    {"forgotten_dynamic_bytes_kernel", FaultKind::shared_out_of_bounds,
     [] {
         auto in = filled<float>(64);
         forgotten_dynamic_bytes_kernel<<<1, 64>>>(in.data());
     },
     "", anyone},
};

// ---- arrays with an extent ----------------------------------------------------------------------

__constant__ float weights[16];

__global__ void local_array_kernel(const int* in, int* out) {
    int counts[8] = {};
    for (int i = 0; i < 4; ++i) ++counts[in[i] & 7];
    out[threadIdx.x] = counts[threadIdx.x];  // fault
}

__global__ void negative_index_kernel(const int* in, int* out) {
    int last[4];
    for (int i = 0; i < 4; ++i) last[i] = in[i];
    const int shift = threadIdx.x;
    out[threadIdx.x] = last[3 - shift];  // fault
}

__global__ void static_shared_array_kernel(const float* in, float* out) {
    __shared__ float row[32];
    if (threadIdx.x < 32) row[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = row[threadIdx.x];  // fault
}

__global__ void inner_dimension_kernel(const float* in, float* out) {
    __shared__ float tile[32][33];
    for (int row = 0; row < 32; ++row) {
        if (threadIdx.x < 33) tile[row][threadIdx.x] = in[threadIdx.x];
    }
    __syncthreads();
    out[threadIdx.x] = tile[5][threadIdx.x];  // fault
}

__global__ void constant_table_kernel(float* out) {
    out[threadIdx.x] = weights[threadIdx.x];  // fault
}

const Planted indices[] = {
    {"local_array_kernel", FaultKind::index_out_of_bounds,
     [] {
         auto in = filled<int>(4);
         auto out = filled<int>(9);
         local_array_kernel<<<1, 9>>>(in.data(), out.data());
     },
     "8", [](At who, At) { return who.thread.x == 8; }},
    {"negative_index_kernel", FaultKind::index_out_of_bounds,
     [] {
         auto in = filled<int>(4);
         auto out = filled<int>(5);
         negative_index_kernel<<<1, 5>>>(in.data(), out.data());
     },
     "-1", [](At who, At) { return who.thread.x == 4; }},
    {"static_shared_array_kernel",
     FaultKind::index_out_of_bounds,
     [] {
         auto in = filled<float>(32);
         auto out = filled<float>(33);
         static_shared_array_kernel<<<1, 33>>>(in.data(), out.data());
     },
     "32",
     [](At who, At) { return who.thread.x == 32; },
     {FaultKind::shared_out_of_bounds}},
    {"inner_dimension_kernel", FaultKind::index_out_of_bounds,
     [] {
         auto in = filled<float>(33);
         auto out = filled<float>(34);
         inner_dimension_kernel<<<1, 34>>>(in.data(), out.data());
     },
     "33", [](At who, At) { return who.thread.x == 33; }},
    {"constant_table_kernel",
     FaultKind::index_out_of_bounds,
     [] {
         const std::vector<float> values(16, 1.0f);
         T2T_CHECK(cudaMemcpyToSymbol(weights, values.data(), sizeof weights));
         auto out = filled<float>(17);
         constant_table_kernel<<<1, 17>>>(out.data());
     },
     "16",
     [](At who, At) { return who.thread.x == 16; },
     {FaultKind::out_of_bounds}},
};

class SharedOutOfBounds : public testing::TestWithParam<Planted> {};
TEST_P(SharedOutOfBounds, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, SharedOutOfBounds, testing::ValuesIn(shared), planted_name);

class IndexOutOfBounds : public testing::TestWithParam<Planted> {};
TEST_P(IndexOutOfBounds, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, IndexOutOfBounds, testing::ValuesIn(indices), planted_name);

}  // namespace
}  // namespace t2t::observer
