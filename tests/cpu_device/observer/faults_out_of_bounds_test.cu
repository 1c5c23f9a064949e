// Global memory outside every allocation.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__device__ unsigned global_index() {
    return blockIdx.x * blockDim.x + threadIdx.x;
}

__global__ void read_without_guard_kernel(const float* in, float* out) {
    out[global_index()] = in[global_index()];  // fault
}

__global__ void guard_off_by_one_kernel(float* out, int n) {
    const int i = global_index();
    if (i <= n) out[i] = 1;  // fault
}

__global__ void before_the_start_kernel(const float* in, float* out) {
    const int i = global_index();
    out[i] = in[i - 1];  // fault
}

__global__ void far_past_the_end_kernel(const float* in, float* out) {
    const float here = in[threadIdx.x];
    out[threadIdx.x] = threadIdx.x == 5 ? in[100'000] : here;  // fault
}

// n elements are no multiple of 4: the last vector reaches past the end.
__global__ void vector_tail_kernel(const float* in, float* out, int n) {
    const int i = 4 * global_index();
    if (i >= n) return;
    const float4 four = *reinterpret_cast<const float4*>(in + i);  // fault
    out[i / 4] = four.x + four.y;
}

__global__ void row_below_kernel(const float* in, float* out) {
    const int row = threadIdx.y;                                   // in and out are [8, 4]
    out[4 * row + threadIdx.x] = in[4 * (row + 1) + threadIdx.x];  // fault
}

__global__ void last_byte_kernel(const unsigned char* in, int* out, int length) {
    if (threadIdx.x == 7) *out = in[length];  // fault
}

__global__ void padding_behind_kernel(float* out) {
    out[threadIdx.x + (threadIdx.x == 20 ? 40 : 0)] = 1;  // fault
}

__global__ void null_pointer_kernel(const float* in, float* out) {
    if (threadIdx.x == 0) *out = *in;  // fault
}

__global__ void atomic_past_the_bins_kernel(const int* in, int* bins) {
    atomicAdd(&bins[in[threadIdx.x]], 1);  // fault
}

bool last_thread(At who, At) {
    return who.block.x == 3 && who.thread.x == 255;
}

const Planted global[] = {
    {"read_without_guard_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<float>(1023);
         auto out = filled<float>(1024);
         read_without_guard_kernel<<<4, 256>>>(in.data(), out.data());
     },
     "0 bytes past `in`", last_thread},
    {"guard_off_by_one_kernel", FaultKind::out_of_bounds,
     [] {
         auto out = filled<float>(1023);
         guard_off_by_one_kernel<<<4, 256>>>(out.data(), 1023);
     },
     "0 bytes past `out`", last_thread},
    {"before_the_start_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         before_the_start_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "4 bytes before `in`", [](At who, At) { return who.thread.x == 0; }},
    {"far_past_the_end_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<float>(64);
         auto out = filled<float>(64);
         far_past_the_end_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "399,744 bytes past `in`",  // 4 · (100,000 - 64)
     [](At who, At) { return who.thread.x == 5; }},
    {"vector_tail_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<float>(250);
         auto out = filled<float>(64);
         vector_tail_kernel<<<1, 64>>>(in.data(), out.data(), 250);
     },
     "`in`", [](At who, At) { return who.thread.x == 62; }},
    {"row_below_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<float>(32);
         auto out = filled<float>(32);
         row_below_kernel<<<1, dim3(4, 8)>>>(in.data(), out.data());
     },
     "bytes past `in`", [](At who, At) { return who.thread.y == 7; }},
    {"last_byte_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<unsigned char>(100);
         auto out = filled<int>(1);
         last_byte_kernel<<<1, 32>>>(in.data(), out.data(), 100);
     },
     "0 bytes past `in`", [](At who, At) { return who.thread.x == 7; }},
    {"padding_behind_kernel", FaultKind::out_of_bounds,
     [] {
         auto out = filled<float>(32);
         padding_behind_kernel<<<1, 32>>>(out.data());
     },
     "112 bytes past `out`", [](At who, At) { return who.thread.x == 20; }},  // 4 · 60 - 4 · 32
    {"null_pointer_kernel", FaultKind::out_of_bounds,
     [] {
         auto out = filled<float>(1);
         null_pointer_kernel<<<1, 32>>>(nullptr, out.data());
     },
     "null pointer", [](At who, At) { return who.thread.x == 0; }},
    {"atomic_past_the_bins_kernel", FaultKind::out_of_bounds,
     [] {
         std::vector<int> values(64, 15);
         values[40] = 17;
         DeviceBuffer<int> in(values);
         auto bins = filled<int>(16);
         atomic_past_the_bins_kernel<<<1, 64>>>(in.data(), bins.data());
     },
     "4 bytes past `bins`", [](At who, At) { return who.thread.x == 40; }},
};

class OutOfBounds : public testing::TestWithParam<Planted> {};
TEST_P(OutOfBounds, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, OutOfBounds, testing::ValuesIn(global), planted_name);

}  // namespace
}  // namespace t2t::observer
