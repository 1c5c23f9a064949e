// Memory with rules of its own: constant memory, arrays of the program, local variables.
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/clean.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

__constant__ int constant_table[16];
__constant__ const float constant_weights[2] = {1.5f, 2.5f};
__device__ int device_table[16];

__device__ void put(int* to, int i, int value) {
    to[i] = value;
}

__global__ void store_to_constant_kernel(int* out) {
    int* table = constant_table;
    table[threadIdx.x % 16] = 3;  // fault
    out[threadIdx.x] = constant_table[0];
}

__global__ void write_only_shared_kernel() {
    __shared__ int last[16];
    last[0] = threadIdx.x;  // fault
}

__global__ void far_past_a_device_array_kernel(int n) {
    device_table[threadIdx.x] = n;
    int* table = device_table;
    asm("" : "+r"(table));               // the compiler does not know the array's length any more
    if (threadIdx.x == 5) table[n] = 1;  // fault
}

__global__ void neighbours_local_kernel(int* out) {
    __shared__ int* place[32];
    int mine[4] = {int(threadIdx.x), 0, 0, 0};
    place[threadIdx.x] = mine;
    __syncthreads();
    out[threadIdx.x] = *place[(threadIdx.x + 1) % 32];  // fault
    __syncthreads();
}

const Planted special[] = {
    {"store_to_constant_kernel",
     FaultKind::constant_store,
     [] {
         auto out = filled<int>(16);
         store_to_constant_kernel<<<1, 16>>>(out.data());
     },
     "`constant_table`",
     anyone,
     {FaultKind::global_race_in_block}},
    {"write_only_shared_kernel", FaultKind::shared_race,
     [] { write_only_shared_kernel<<<1, 16>>>(); }, "`last`",
     [](At one, At other) { return one.thread.x != other.thread.x; }},
    {"far_past_a_device_array_kernel", FaultKind::out_of_bounds,
     [] { far_past_a_device_array_kernel<<<1, 16>>>(40'000'000); },
     "past the variable `device_table`", [](At who, At) { return who.thread.x == 5; }},
    {"neighbours_local_kernel", FaultKind::local_of_another_thread,
     [] {
         auto out = filled<int>(32);
         neighbours_local_kernel<<<1, 32>>>(out.data());
     },
     "another thread", anyone},
};

class SpecialMemory : public testing::TestWithParam<Planted> {};
TEST_P(SpecialMemory, FaultIsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, SpecialMemory, testing::ValuesIn(special), planted_name);

__global__ void reads_constants_kernel(float* out) {
    float mine[4] = {constant_weights[threadIdx.x % 2], 0, 0, 0};
    out[threadIdx.x] = mine[threadIdx.x % 4] + float(constant_table[threadIdx.x % 16]);
    __syncthreads();
    mine[threadIdx.x % 3] += 1;
    out[threadIdx.x] += mine[(threadIdx.x + 1) % 4];
    put(device_table, threadIdx.x % 16, 4);
}

__device__ const char* greeting(unsigned i) {
    return i % 2 == 0 ? "good morning, kernel" : "good evening, kernels";
}

__global__ void reads_literals_kernel(char* out) {
    out[threadIdx.x] = greeting(threadIdx.x)[threadIdx.x];
}

TEST(CleanSpecialMemory, Literals) {
    expect_clean([] {
        DeviceBuffer<char> out(16);
        reads_literals_kernel<<<1, 16>>>(out.data());
        EXPECT_EQ(out.download()[1], 'o');
    });
}

TEST(CleanSpecialMemory, ConstantsAndOnesOwnLocals) {
    int table[16] = {5};
    T2T_CHECK(cudaMemcpyToSymbol(constant_table, table, sizeof table));
    expect_clean([] {
        DeviceBuffer<float> out(16);
        reads_constants_kernel<<<1, 16>>>(out.data());
        T2T_CHECK(cudaDeviceSynchronize());
        EXPECT_EQ(out.download()[0], 5 + 1.5f);
    });
}

}  // namespace
}  // namespace t2t::observer
