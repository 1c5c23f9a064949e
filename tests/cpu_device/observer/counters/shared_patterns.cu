// Loads and stores of shared memory: a block is one warp, so that each has the tile to itself.

#include <cuda_bf16.h>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/counters/launches.hpp"
#include "tests/cpu_device/observer/counters/patterns.cuh"

namespace t2t::counters {
namespace {

constexpr int block_size = 32;
constexpr int blocks = 64;
constexpr int threads = blocks * block_size;

// Fills the tile in order, which has no conflicts, and loads each lane's element from it.
template <typename Element, typename Pattern>
__global__ void shared_load_kernel(const Element* in,  // [blocks, tile_extent]
                                   Element* out) {     // [threads]
    __shared__ Element tile[tile_extent<Pattern>];
    const int lane = threadIdx.x;
    for (int i = lane; i < tile_extent<Pattern>; i += block_size) {
        tile[i] = in[blockIdx.x * tile_extent<Pattern> + i];
    }
    __syncthreads();  // the tile is complete before anyone reads what others brought
    const int element = Pattern::at(lane, blockIdx.x);
    if (element != nothing) out[blockIdx.x * block_size + lane] = tile[element];
}

// Stores each lane's element in the tile, and loads it from there again: both have the pattern.
template <typename Element, typename Pattern>
__global__ void shared_store_kernel(const Element* in,  // [threads]
                                    Element* out) {     // [threads]
    __shared__ Element tile[tile_extent<Pattern>];
    const int lane = threadIdx.x;
    const int element = Pattern::at(lane, blockIdx.x);
    if (element != nothing) tile[element] = in[blockIdx.x * block_size + lane];
    __syncthreads();  // so that no compiler takes the element from a register instead
    if (element != nothing) out[blockIdx.x * block_size + lane] = tile[element];
}

template <typename Element, typename Pattern>
void load() {
    const auto in = random_elements<Element>(blocks * tile_extent<Pattern>);
    std::vector<Element> expected(threads);
    DeviceBuffer<Element> in_device(in), out_device(expected);
    shared_load_kernel<Element, Pattern>
        <<<blocks, block_size>>>(in_device.data(), out_device.data());
    check_launch("shared_load");
    for (int i = 0; i < threads; ++i) {
        const int element = Pattern::at(i % 32, i / 32);
        if (element != nothing) expected[i] = in[i / 32 * tile_extent<Pattern> + element];
    }
    require_same(out_device.download(), expected);
}

template <typename Element, typename Pattern>
void store() {
    const auto in = random_elements<Element>(threads);
    std::vector<Element> expected(threads);
    DeviceBuffer<Element> in_device(in), out_device(expected);
    shared_store_kernel<Element, Pattern>
        <<<blocks, block_size>>>(in_device.data(), out_device.data());
    check_launch("shared_store");
    for (int i = 0; i < threads; ++i) {
        if (Pattern::at(i % 32, i / 32) != nothing) expected[i] = in[i];
    }
    require_same(out_device.download(), expected);
}

// Both, for a pattern in which no two lanes reach the same element.
template <typename Element, typename Pattern>
void add_both(std::vector<Launch>& launches, const std::string& name) {
    launches.push_back({"shared_load." + name, load<Element, Pattern>});
    launches.push_back({"shared_store." + name, store<Element, Pattern>});
}

template <typename Element, typename Pattern>
void add_load(std::vector<Launch>& launches, const std::string& name) {
    launches.push_back({"shared_load." + name, load<Element, Pattern>});
}

}  // namespace

std::vector<Launch> shared_launches() {
    std::vector<Launch> all;
    add_both<float, Strided<1>>(all, "float.aligned");
    add_both<float, Strided<2>>(all, "float.stride_2");
    add_both<float, Strided<3>>(all, "float.stride_3");
    add_both<float, Strided<4>>(all, "float.stride_4");
    add_both<float, Strided<8>>(all, "float.stride_8");
    add_both<float, Strided<16>>(all, "float.stride_16");
    add_both<float, Strided<32>>(all, "float.stride_32");  // a column of a tile of 32 × 32
    add_both<float, Strided<33>>(all, "float.stride_33");  // a column of a tile of 32 × 33
    add_both<float, EvenLanes>(all, "float.even_lanes");
    add_both<float, FirstHalf>(all, "float.first_half");
    add_both<float, Shuffled<10>>(all, "float.shuffled_in_4_KB");
    add_load<float, Repeated<1>>(all, "float.broadcast");
    add_load<float, Repeated<2, 32>>(all, "float.two_words_of_a_bank");
    add_load<float, Random<10>>(all, "float.random_in_4_KB");

    add_both<float2, Strided<1>>(all, "float2.aligned");
    add_both<float2, Strided<2>>(all, "float2.stride_2");
    add_both<float2, Strided<16>>(all, "float2.stride_16");
    add_both<float2, EvenLanes>(all, "float2.even_lanes");
    add_both<float2, FirstHalf>(all, "float2.first_half");
    add_both<float2, Interleaved>(all, "float2.halves_interleaved");
    add_both<float2, Shuffled<8>>(all, "float2.shuffled_in_2_KB");
    add_load<float2, Repeated<1>>(all, "float2.broadcast");
    add_load<float2, Repeated<16>>(all, "float2.halves_the_same");
    add_load<float2, Random<8>>(all, "float2.random_in_2_KB");

    add_both<float4, Strided<1>>(all, "float4.aligned");
    add_both<float4, Strided<2>>(all, "float4.stride_2");
    add_both<float4, Strided<8>>(all, "float4.stride_8");  // a column of a tile of 32 × 32 floats
    add_both<float4, Strided<9>>(all, "float4.stride_9");  // the same, padded to 36 floats per row
    add_both<float4, Reversed>(all, "float4.reversed");
    add_both<float4, EvenLanes>(all, "float4.even_lanes");
    add_both<float4, FirstHalf>(all, "float4.first_half");
    add_both<float4, Interleaved>(all, "float4.halves_interleaved");
    add_both<float4, Shuffled<7>>(all, "float4.shuffled_in_2_KB");
    add_load<float4, Repeated<1>>(all, "float4.broadcast");
    add_load<float4, Repeated<8>>(all, "float4.quarters_the_same");
    add_load<float4, Random<7>>(all, "float4.random_in_2_KB");

    add_both<__nv_bfloat16, Strided<1>>(all, "bf16.aligned");
    add_both<__nv_bfloat16, Strided<2>>(all, "bf16.stride_2");
    add_both<__nv_bfloat16, Strided<32>>(all, "bf16.stride_32");  // a column of a tile of 32 × 32
    add_both<__nv_bfloat16, Strided<34>>(all, "bf16.stride_34");  // the same, padded by a word
    return all;
}

}  // namespace t2t::counters
