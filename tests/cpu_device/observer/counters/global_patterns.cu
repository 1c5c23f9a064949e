// Loads and stores of global memory: one access of the pattern a thread, and one that is aligned.

#include <cstdint>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/counters/launches.hpp"
#include "tests/cpu_device/observer/counters/patterns.cuh"

namespace t2t::counters {
namespace {

constexpr int block_size = 256;
constexpr int blocks = 64;
constexpr int threads = blocks * block_size;
constexpr int warps = threads / 32;

// The element that thread `i` of the grid reaches, or `nothing`.
template <typename Pattern>
__host__ __device__ int element_of(int i) {
    const int warp = i / 32;
    const int at = Pattern::at(i % 32, warp);
    return at == nothing ? nothing : warp * Pattern::span + at;
}

template <typename Element, typename Pattern>
__global__ void global_load_kernel(const Element* in,  // [reach of the pattern]
                                   Element* out) {     // [threads]
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const int element = element_of<Pattern>(i);
    if (element != nothing) out[i] = in[element];
}

template <typename Element, typename Pattern>
__global__ void global_store_kernel(const Element* in,  // [threads]
                                    Element* out) {     // [reach of the pattern]
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const int element = element_of<Pattern>(i);
    if (element != nothing) out[element] = in[i];
}

template <typename Element, typename Pattern>
void load() {
    const auto in = random_elements<Element>(reach<Pattern>(warps));
    std::vector<Element> expected(threads);
    DeviceBuffer<Element> in_device(in), out_device(expected);
    global_load_kernel<Element, Pattern>
        <<<blocks, block_size>>>(in_device.data(), out_device.data());
    check_launch("global_load");
    for (int i = 0; i < threads; ++i) {
        if (element_of<Pattern>(i) != nothing) expected[i] = in[element_of<Pattern>(i)];
    }
    require_same(out_device.download(), expected);
}

template <typename Element, typename Pattern>
void store() {
    const auto in = random_elements<Element>(threads);
    std::vector<Element> expected(reach<Pattern>(warps));
    DeviceBuffer<Element> in_device(in), out_device(expected);
    global_store_kernel<Element, Pattern>
        <<<blocks, block_size>>>(in_device.data(), out_device.data());
    check_launch("global_store");
    for (int i = 0; i < threads; ++i) {
        if (element_of<Pattern>(i) != nothing) expected[element_of<Pattern>(i)] = in[i];
    }
    require_same(out_device.download(), expected);
}

// Both, for a pattern in which no two threads reach the same element.
template <typename Element, typename Pattern>
void add_both(std::vector<Launch>& launches, const std::string& name) {
    launches.push_back({"global_load." + name, load<Element, Pattern>});
    launches.push_back({"global_store." + name, store<Element, Pattern>});
}

template <typename Element, typename Pattern>
void add_load(std::vector<Launch>& launches, const std::string& name) {
    launches.push_back({"global_load." + name, load<Element, Pattern>});
}

}  // namespace

std::vector<Launch> global_launches() {
    std::vector<Launch> all;
    add_both<float, Strided<1>>(all, "float.aligned");
    add_both<float, Strided<1, 1>>(all, "float.shifted_by_1");
    add_both<float, Strided<2>>(all, "float.stride_2");
    add_both<float, Strided<3>>(all, "float.stride_3");
    add_both<float, Strided<4>>(all, "float.stride_4");
    add_both<float, Strided<8>>(all, "float.stride_8");
    add_both<float, Strided<16>>(all, "float.stride_16");
    add_both<float, Strided<32>>(all, "float.stride_32");
    add_both<float, Strided<33>>(all, "float.stride_33");
    add_both<float, Reversed>(all, "float.reversed");
    add_both<float, EvenLanes>(all, "float.even_lanes");
    add_both<float, FirstHalf>(all, "float.first_half");
    add_both<float, Pairs<8>>(all, "float.pairs_share_a_sector");
    add_load<float, Repeated<1>>(all, "float.broadcast");
    add_load<float, Repeated<2, 8>>(all, "float.two_addresses");
    add_load<float, Random<10>>(all, "float.random_in_4_KB");
    add_load<float, Random<18>>(all, "float.random_in_1_MB");
    add_both<float, Shuffled<18>>(all, "float.shuffled_in_1_MB");

    add_both<float2, Strided<1>>(all, "float2.aligned");
    add_both<float2, Strided<1, 1>>(all, "float2.shifted_by_1");
    add_both<float2, Strided<2>>(all, "float2.stride_2");
    add_both<float2, Strided<3>>(all, "float2.stride_3");
    add_both<float2, EvenLanes>(all, "float2.even_lanes");
    add_both<float2, FirstHalf>(all, "float2.first_half");
    add_both<float2, Interleaved>(all, "float2.halves_interleaved");
    add_load<float2, Repeated<1>>(all, "float2.broadcast");
    add_load<float2, Repeated<16>>(all, "float2.halves_the_same");
    add_load<float2, Random<6>>(all, "float2.random_in_512_B");

    add_both<float4, Strided<1>>(all, "float4.aligned");
    add_both<float4, Strided<1, 1>>(all, "float4.shifted_by_1");
    add_both<float4, Strided<2>>(all, "float4.stride_2");
    add_both<float4, Strided<3>>(all, "float4.stride_3");
    add_both<float4, Reversed>(all, "float4.reversed");
    add_both<float4, EvenLanes>(all, "float4.even_lanes");
    add_both<float4, FirstHalf>(all, "float4.first_half");
    add_both<float4, Interleaved>(all, "float4.halves_interleaved");
    add_both<float4, Shuffled<18>>(all, "float4.shuffled_in_4_MB");
    add_load<float4, Repeated<1>>(all, "float4.broadcast");
    add_load<float4, Repeated<8>>(all, "float4.quarters_the_same");
    add_load<float4, Random<5>>(all, "float4.random_in_512_B");

    add_both<std::uint16_t, Strided<1>>(all, "uint16.aligned");
    add_both<std::uint16_t, Strided<1, 1>>(all, "uint16.shifted_by_1");
    add_both<std::uint16_t, Strided<2>>(all, "uint16.stride_2");
    add_both<std::uint8_t, Strided<1>>(all, "uint8.aligned");
    add_both<std::uint8_t, Strided<1, 1>>(all, "uint8.shifted_by_1");
    add_both<std::uint8_t, Strided<33>>(all, "uint8.stride_33");
    return all;
}

}  // namespace t2t::counters
