// Two threads, of one block or of two, on one word of global memory, and nothing that orders them.
#include <cuda_bf16.h>

#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// ---- in one block -------------------------------------------------------------------------------

__global__ void scratch_without_barrier_kernel(const int* in, int* scratch, int* out) {
    scratch[threadIdx.x] = 2 * in[threadIdx.x];          // fault
    out[threadIdx.x] = scratch[(threadIdx.x + 1) % 64];  // fault
}

__global__ void count_in_a_block_kernel(int* count) {
    *count += 1;  // fault
}

__global__ void two_threads_one_element_kernel(int* out) {
    out[threadIdx.x / 2] = threadIdx.x;  // fault
}

__global__ void shift_in_place_kernel(float* values) {
    values[threadIdx.x] = values[threadIdx.x + 1];  // fault
}

// Two 4-bit numbers per byte: each thread reads the other's half and writes it back.
__global__ void packed_halves_kernel(const int* in, unsigned char* packed) {
    packed[threadIdx.x / 2] |= in[threadIdx.x] << threadIdx.x % 2 * 4;  // fault
}

// ---- between blocks -----------------------------------------------------------------------------

__global__ void count_without_atomic_kernel(int* counter) {
    if (threadIdx.x == 0) *counter += 1;  // fault
}

__global__ void forgotten_block_index_kernel(int* out) {
    out[threadIdx.x] = blockIdx.x;  // fault
}

// Tiles of 64 elements, of which each block writes one too many.
__global__ void overlapping_tiles_kernel(float* out) {
    for (unsigned i = threadIdx.x; i < 65; i += 64) {
        out[64 * blockIdx.x + i] = blockIdx.x;  // fault
    }
}

// Block 0 writes the lower half of each word, block 1 the upper: each carries the other half along.
__global__ void two_halves_of_a_word_kernel(unsigned* words) {
    const unsigned half = __bfloat16_as_ushort(__float2bfloat16(1.0f));
    const unsigned shift = 16 * blockIdx.x;
    words[threadIdx.x] = (words[threadIdx.x] & ~(0xffffu << shift)) | half << shift;  // fault
}

__global__ void histogram_without_atomics_kernel(const int* in, int* bins) {
    bins[in[blockIdx.x * blockDim.x + threadIdx.x] % 16] += 1;  // fault
}

// The consumer sees the flag; whether it sees the data, nothing says.
__global__ void flag_without_fence_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        *data = 42;  // fault
        atomicExch(flag, 1);
    } else {
        while (atomicAdd(flag, 0) == 0) {
        }
        *out = *data;  // fault
    }
}

__global__ void zeroed_in_the_kernel_kernel(int* total) {
    if (blockIdx.x == 0) *total = 0;  // fault
    atomicAdd(total, 1);              // fault
}

__global__ void sums_of_other_blocks_kernel(float* sums, float* total) {
    if (threadIdx.x == 0) sums[blockIdx.x] = blockIdx.x;                          // fault
    if (blockIdx.x == 3 && threadIdx.x < 3) atomicAdd(total, sums[threadIdx.x]);  // fault
}

__global__ void stencil_in_place_kernel(float* values, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i == 0 || i + 1 >= n) return;
    const float mean = 0.5f * (values[i - 1] + values[i + 1]);  // fault
    values[i] = mean;                                           // fault
}

bool same_block(At one, At other) {
    return one.block.x == other.block.x;
}
bool other_threads(At one, At other) {
    return one.thread.x != other.thread.x && same_block(one, other);
}
bool other_blocks(At one, At other) {
    return one.block.x != other.block.x;
}
unsigned element(At who) {
    return 64 * who.block.x + who.thread.x;
}

const Planted in_a_block[] = {
    {"scratch_without_barrier_kernel", FaultKind::global_race_in_block,
     [] {
         auto in = filled<int>(64);
         auto scratch = filled<int>(64);
         auto out = filled<int>(64);
         scratch_without_barrier_kernel<<<1, 64>>>(in.data(), scratch.data(), out.data());
     },
     "`scratch`",
     [](At writer, At reader) { return writer.thread.x == (reader.thread.x + 1) % 64; }},
    {"count_in_a_block_kernel", FaultKind::global_race_in_block,
     [] {
         auto count = filled<int>(1);
         count_in_a_block_kernel<<<1, 64>>>(count.data());
     },
     "`count`", other_threads},
    {"two_threads_one_element_kernel", FaultKind::global_race_in_block,
     [] {
         auto out = filled<int>(32);
         two_threads_one_element_kernel<<<1, 64>>>(out.data());
     },
     "`out`",
     [](At one, At other) { return one.thread.x % 2 == 0 && other.thread.x == one.thread.x + 1; }},
    {"shift_in_place_kernel", FaultKind::global_race_in_block,
     [] {
         auto values = filled<float>(65);
         shift_in_place_kernel<<<1, 64>>>(values.data());
     },
     "`values`", [](At reader, At writer) { return writer.thread.x == reader.thread.x + 1; }},
    {"packed_halves_kernel", FaultKind::global_race_in_block,
     [] {
         auto in = filled<int>(64, 5);
         auto packed = filled<unsigned char>(32);
         packed_halves_kernel<<<1, 64>>>(in.data(), packed.data());
     },
     "`packed`",
     [](At one, At other) { return one.thread.x % 2 == 0 && other.thread.x == one.thread.x + 1; }},
};

const Planted between_blocks[] = {
    {"count_without_atomic_kernel", FaultKind::global_race,
     [] {
         auto counter = filled<int>(1);
         count_without_atomic_kernel<<<4, 64>>>(counter.data());
     },
     "`counter`",
     [](At one, At other) {
         return other_blocks(one, other) && one.thread.x == 0 && other.thread.x == 0;
     }},
    {"forgotten_block_index_kernel", FaultKind::global_race,
     [] {
         auto out = filled<int>(64);
         forgotten_block_index_kernel<<<2, 64>>>(out.data());
     },
     "`out`",
     [](At one, At other) { return other_blocks(one, other) && one.thread.x == other.thread.x; }},
    {"overlapping_tiles_kernel", FaultKind::global_race,
     [] {
         auto out = filled<float>(4 * 64 + 1);
         overlapping_tiles_kernel<<<4, 64>>>(out.data());
     },
     "`out`",
     [](At one, At other) {
         return other.block.x == one.block.x + 1 && one.thread.x == 0 && other.thread.x == 0;
     }},
    {"two_halves_of_a_word_kernel", FaultKind::global_race,
     [] {
         auto words = filled<unsigned>(64);
         two_halves_of_a_word_kernel<<<2, 64>>>(words.data());
     },
     "`words`",
     [](At one, At other) { return other_blocks(one, other) && one.thread.x == other.thread.x; }},
    {"histogram_without_atomics_kernel",
     FaultKind::global_race,
     [] {
         auto in = filled<int>(256, 21);
         auto bins = filled<int>(16);
         histogram_without_atomics_kernel<<<4, 64>>>(in.data(), bins.data());
     },
     "`bins`",
     other_blocks,
     {FaultKind::global_race_in_block}},
    {"flag_without_fence_kernel", FaultKind::global_race,
     [] {
         auto data = filled<int>(1);
         auto flag = filled<int>(1);
         auto out = filled<int>(1);
         flag_without_fence_kernel<<<2, 1>>>(data.data(), flag.data(), out.data());
     },
     "`data`", [](At writer, At reader) { return writer.block.x == 0 && reader.block.x == 1; }},
    {"zeroed_in_the_kernel_kernel", FaultKind::global_race,
     [] {
         auto total = filled<int>(1);
         zeroed_in_the_kernel_kernel<<<4, 1>>>(total.data());
     },
     "`total`", [](At zeroes, At adds) { return zeroes.block.x == 0 && adds.block.x != 0; }},
    {"sums_of_other_blocks_kernel", FaultKind::global_race,
     [] {
         auto sums = filled<float>(4);
         auto total = filled<float>(1);
         sums_of_other_blocks_kernel<<<4, 32>>>(sums.data(), total.data());
     },
     "`sums`",
     [](At writer, At reader) {
         return writer.thread.x == 0 && reader.block.x == 3 && writer.block.x == reader.thread.x;
     }},
    {"stencil_in_place_kernel",
     FaultKind::global_race,
     [] {
         auto values = filled<float>(256);
         stencil_in_place_kernel<<<4, 64>>>(values.data(), 256);
     },
     "`values`",
     [](At reader, At writer) {
         const unsigned distance = element(reader) - element(writer);
         return distance == 1u || distance == -1u;
     },
     {FaultKind::global_race_in_block}},
};

class GlobalRaceInBlock : public testing::TestWithParam<Planted> {};
TEST_P(GlobalRaceInBlock, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, GlobalRaceInBlock, testing::ValuesIn(in_a_block), planted_name);

class GlobalRace : public testing::TestWithParam<Planted> {};
TEST_P(GlobalRace, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, GlobalRace, testing::ValuesIn(between_blocks), planted_name);

}  // namespace
}  // namespace t2t::observer
