// memcpy, memmove and memset in kernels: they read and write like any other code.
#include <cstring>

#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/clean.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

struct Triple {
    short x, y, z;
};

// Copies 12 bytes, two elements, where it means one.
__global__ void copy_of_two_elements_kernel(const Triple* in, Triple* out) {
    memcpy(&out[threadIdx.x], &in[threadIdx.x], 12);  // fault
}

__global__ void copy_past_the_end_kernel(const char* in, char* out, int n) {
    if (threadIdx.x == 0) memcpy(out, in, n);  // fault
}

__global__ void copy_from_past_the_end_kernel(const char* in, char* out, int n) {
    if (threadIdx.x == 0) std::memcpy(out, in, n);  // fault
}

__global__ void clear_past_the_end_kernel(char* out, int n) {
    if (threadIdx.x == 0) memset(out, 0, n);  // fault
}

__global__ void clear_past_the_mapping_kernel(char* out, int n) {
    if (threadIdx.x == 0) memset(out, 0, n);  // fault
}

__global__ void move_of_garbage_kernel(const int* in, int* out, int n) {
    if (threadIdx.x == 0) memmove(out, in, n * sizeof(int));  // fault
}

__global__ void row_without_barrier_kernel(const float* in, float* out) {
    __shared__ float rows[64][12];
    memcpy(rows[threadIdx.x], in + 12 * threadIdx.x, sizeof rows[0]);  // fault
    out[threadIdx.x] = rows[63 - threadIdx.x][3];                      // fault
}

const Planted copies[] = {
    {"copy_of_two_elements_kernel",
     FaultKind::global_race_in_block,
     [] {
         auto in = filled<Triple>(65);
         auto out = filled<Triple>(65);
         copy_of_two_elements_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`out`",
     [](At one, At other) { return one.thread.x + 1 == other.thread.x; },
     {},
     Partner::may_be_unknown},
    {"copy_past_the_end_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<char>(500);
         auto out = filled<char>(400);
         copy_past_the_end_kernel<<<1, 32>>>(in.data(), out.data(), 410);
     },
     "writes 410 bytes, the last 10 bytes of them past `out`",
     [](At who, At) { return who.thread.x == 0; }},
    {"copy_from_past_the_end_kernel", FaultKind::out_of_bounds,
     [] {
         auto in = filled<char>(400);
         auto out = filled<char>(500);
         copy_from_past_the_end_kernel<<<1, 32>>>(in.data(), out.data(), 410);
     },
     "reads 410 bytes, the last 10 bytes of them past `in`",
     [](At who, At) { return who.thread.x == 0; }},
    {"clear_past_the_end_kernel", FaultKind::out_of_bounds,
     [] {
         auto out = filled<char>(400);
         clear_past_the_end_kernel<<<1, 32>>>(out.data(), 410);
     },
     "writes 410 bytes, the last 10 bytes of them past `out`",
     [](At who, At) { return who.thread.x == 0; }},
    {"clear_past_the_mapping_kernel", FaultKind::out_of_bounds,
     [] {
         auto out = filled<char>(400);
         clear_past_the_mapping_kernel<<<1, 32>>>(out.data(), 100'000);
     },
     "writes 100,000 bytes, the last 99,600 bytes of them past `out`",
     [](At who, At) { return who.thread.x == 0; }},
    {"move_of_garbage_kernel", FaultKind::uninitialised_global,
     [] {
         DeviceBuffer<int> in(40);
         auto out = filled<int>(40);
         move_of_garbage_kernel<<<1, 32>>>(in.data(), out.data(), 40);
     },
     "`in`", [](At who, At) { return who.thread.x == 0; }},
    {"row_without_barrier_kernel",
     FaultKind::shared_race,
     [] {
         auto in = filled<float>(64 * 12);
         auto out = filled<float>(64);
         row_without_barrier_kernel<<<1, 64>>>(in.data(), out.data());
     },
     "`rows`",
     [](At one, At other) { return one.thread.x + other.thread.x == 63; },
     {FaultKind::uninitialised_shared}},
};

class Memcpy : public testing::TestWithParam<Planted> {};
TEST_P(Memcpy, IsSeen) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, Memcpy, testing::ValuesIn(copies), planted_name);

__global__ void sound_copies_kernel(const float* in, Triple* triples, float* out, char* bytes) {
    __shared__ float rows[64][12];
    memcpy(rows[threadIdx.x], in + 12 * threadIdx.x, sizeof rows[0]);
    __syncthreads();
    memcpy(out + 12 * threadIdx.x, rows[63 - threadIdx.x], sizeof rows[0]);
    const Triple local{1, 2, 3};
    memcpy(&triples[threadIdx.x], &local, sizeof local);
    memset(bytes + threadIdx.x * (threadIdx.x + 1) / 2, 7, threadIdx.x + 1);  // as many as it can
    float same;
    const unsigned bits = 0x40400000;
    memcpy(&same, &bits, sizeof same);
    if (threadIdx.x == 0) out[0] = same;
}

TEST(CleanMemcpy, EachThreadItsOwnBytes) {
    expect_clean([] {
        auto in = filled<float>(64 * 12, 2.0f);
        DeviceBuffer<Triple> triples(64);
        DeviceBuffer<float> out(64 * 12);
        DeviceBuffer<char> bytes(64 * 65 / 2);
        sound_copies_kernel<<<1, 64>>>(in.data(), triples.data(), out.data(), bytes.data());
        EXPECT_EQ(out.download()[0], 3);
        EXPECT_EQ(out.download()[12], 2);
        EXPECT_EQ(triples.download()[63].z, 3);
        EXPECT_EQ(bytes.download(), std::vector<char>(64 * 65 / 2, 7));
    });
}

TEST(CleanMemcpy, ItsWordsAreTraffic) {
    const Report report = observe([] {
        auto in = filled<float>(64 * 12);
        DeviceBuffer<Triple> triples(64);
        DeviceBuffer<float> out(64 * 12);
        DeviceBuffer<char> bytes(64 * 65 / 2);
        sound_copies_kernel<<<1, 64>>>(in.data(), triples.data(), out.data(), bytes.data());
    });
    const Traffic total = report.total();
    EXPECT_EQ(total.global_load.bytes_asked, 64 * 12 * 4u);
    EXPECT_EQ(total.shared_store.bytes_asked, 64 * 12 * 4u);
    EXPECT_EQ(total.shared_load.bytes_asked, 64 * 12 * 4u);
    EXPECT_EQ(total.global_store.bytes_asked, 64 * 12 * 4u + 64 * 6u + 64 * 65 / 2 + 4u);
}

}  // namespace
}  // namespace t2t::observer
