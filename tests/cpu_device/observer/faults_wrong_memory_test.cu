// Memory that has been freed, and memory of the host.
#include <memory>

#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// ---- freed --------------------------------------------------------------------------------------

__global__ void read_after_free_kernel(const float* in, float* out) {
    if (threadIdx.x == 3) *out = in[8];  // fault
}

__global__ void write_after_free_kernel(int* out) {
    if (threadIdx.x == 2) out[0] = 1;  // fault
}

__global__ void atomic_after_free_kernel(int* count) {
    if (threadIdx.x == 1) atomicAdd(count, 1);  // fault
}

/// A pointer to `size` elements that have just been freed.
template <typename T>
T* freed(std::size_t size) {
    return filled<T>(size).data();
}

const Planted freed_memory[] = {
    {"read_after_free_kernel", FaultKind::use_after_free,
     [] {
         const float* in = freed<float>(64);
         auto out = filled<float>(1);
         read_after_free_kernel<<<1, 32>>>(in, out.data());
     },
     "`in`", [](At who, At) { return who.thread.x == 3; }},
    {"write_after_free_kernel", FaultKind::use_after_free,
     [] { write_after_free_kernel<<<1, 32>>>(freed<int>(64)); }, "`out`",
     [](At who, At) { return who.thread.x == 2; }},
    {"atomic_after_free_kernel", FaultKind::use_after_free,
     [] { atomic_after_free_kernel<<<1, 32>>>(freed<int>(1)); }, "`count`",
     [](At who, At) { return who.thread.x == 1; }},
};

// ---- the host's ---------------------------------------------------------------------------------

__global__ void read_host_array_kernel(const float* in, float* out) {
    if (threadIdx.x == 6) *out = in[1];  // fault
}

__global__ void write_host_array_kernel(int* out) {
    if (threadIdx.x == 0) out[2] = 1;  // fault
}

__global__ void read_host_variable_kernel(const int* n, int* out) {
    if (threadIdx.x == 0) *out = *n;  // fault
}

__global__ void write_host_variable_kernel(int* result) {
    if (threadIdx.x == 0) *result = 7;  // fault
}

__global__ void read_host_vector_kernel(const float* in, float* out) {
    out[threadIdx.x] = in[threadIdx.x];  // fault
}

const Planted of_the_host[] = {
    {"read_host_array_kernel", FaultKind::host_pointer,
     [] {
         const auto in = std::make_unique<float[]>(1000);
         auto out = filled<float>(1);
         read_host_array_kernel<<<1, 32>>>(in.get(), out.data());
     },
     "", [](At who, At) { return who.thread.x == 6; }},
    {"write_host_array_kernel", FaultKind::host_pointer,
     [] {
         const auto out = std::make_unique<int[]>(1000);
         write_host_array_kernel<<<1, 32>>>(out.get());
     },
     "", [](At who, At) { return who.thread.x == 0; }},
    {"read_host_variable_kernel", FaultKind::host_pointer,
     [] {
         const int n = 64;
         auto out = filled<int>(1);
         read_host_variable_kernel<<<1, 32>>>(&n, out.data());
     },
     "", [](At who, At) { return who.thread.x == 0; }},
    {"write_host_variable_kernel", FaultKind::host_pointer,
     [] {
         int result = 0;
         write_host_variable_kernel<<<1, 32>>>(&result);
     },
     "", [](At who, At) { return who.thread.x == 0; }},
    {"read_host_vector_kernel", FaultKind::host_pointer,
     [] {
         const std::vector<float> in(64);
         auto out = filled<float>(64);
         read_host_vector_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "", anyone},
};

class UseAfterFree : public testing::TestWithParam<Planted> {};
TEST_P(UseAfterFree, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, UseAfterFree, testing::ValuesIn(freed_memory), planted_name);

class HostPointer : public testing::TestWithParam<Planted> {};
TEST_P(HostPointer, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, HostPointer, testing::ValuesIn(of_the_host), planted_name);

}  // namespace
}  // namespace t2t::observer
