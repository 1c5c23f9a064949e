// Vector accesses whose address is no multiple of their size.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__global__ void float4_from_a_row_kernel(const float* in, float4* out) {
    const float* row = in + 65 * threadIdx.y;  // rows of 65 floats: only every fourth is aligned
    const auto* vectors = reinterpret_cast<const float4*>(row);
    out[16 * threadIdx.y + threadIdx.x] = vectors[threadIdx.x];  // fault
}

__global__ void float2_off_by_one_kernel(const float* in, float2* out) {
    out[threadIdx.x] = *reinterpret_cast<const float2*>(in + 2 * threadIdx.x + 1);  // fault
}

__global__ void int4_store_kernel(const int4* in, int* out) {
    const int4 four = in[threadIdx.x];
    *reinterpret_cast<int4*>(out + 4 * threadIdx.x + 2) = four;  // fault
}

__global__ void double_in_bytes_kernel(const char* in, double* out) {
    if (threadIdx.x == 2) *out = *reinterpret_cast<const double*>(in + 4);  // fault
}

__global__ void float4_in_shared_kernel(const float* in, float4* out) {
    __shared__ __align__(16) float tile[68];
    tile[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    if (threadIdx.x < 4) {
        out[threadIdx.x] = *reinterpret_cast<const float4*>(tile + 5 * threadIdx.x);  // fault
    }
}

// The compiler knows both addresses.
__global__ void float4_in_shared_bytes_kernel(const float4* in) {
    __shared__ __align__(16) char bytes[64];
    const float4 four = in[threadIdx.x];
    *reinterpret_cast<float4*>(bytes + 4) = four;  // fault
}

__device__ float aligned_numbers[8] __attribute__((aligned(16)));
__global__ void double2_of_a_variable_kernel(double2* out) {
    *out = *(const double2*)(aligned_numbers + 2);  // fault
}

const Planted misaligned[] = {
    {"float4_in_shared_bytes_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<float4>(1);
         float4_in_shared_bytes_kernel<<<1, 1>>>(in.data());
     },
     "`bytes`", anyone},
    {"double2_of_a_variable_kernel", FaultKind::misaligned,
     [] {
         auto out = filled<double2>(1);
         double2_of_a_variable_kernel<<<1, 1>>>(out.data());
     },
     "`aligned_numbers`", anyone},
    {"float4_from_a_row_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<float>(4 * 65);
         auto out = filled<float4>(4 * 16);
         float4_from_a_row_kernel<<<1, dim3(16, 4)>>>(in.data(), out.data());
     },
     "`in`", [](At who, At) { return who.thread.y % 4 != 0; }},
    {"float2_off_by_one_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<float>(128 + 2);
         auto out = filled<float2>(64);
         float2_off_by_one_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`in`", anyone},
    {"int4_store_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<int4>(32);
         auto out = filled<int>(4 * 32 + 2);
         int4_store_kernel<<<1, 32>>>(in.data(), out.data());
     },
     "`out`", anyone},
    {"double_in_bytes_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<char>(64);
         auto out = filled<double>(1);
         double_in_bytes_kernel<<<1, 32>>>(in.data(), out.data());
     },
     "`in`", [](At who, At) { return who.thread.x == 2; }},
    {"float4_in_shared_kernel", FaultKind::misaligned,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float4>(4);
         float4_in_shared_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`tile`", [](At who, At) { return who.thread.x >= 1 && who.thread.x < 4; }},
};

class Misaligned : public testing::TestWithParam<Planted> {};
TEST_P(Misaligned, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, Misaligned, testing::ValuesIn(misaligned), planted_name);

}  // namespace
}  // namespace t2t::observer
