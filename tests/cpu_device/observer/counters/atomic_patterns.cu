// Atomic additions to global and to shared memory: of lanes that meet, and of lanes that do not.

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/counters/launches.hpp"
#include "tests/cpu_device/observer/counters/patterns.cuh"

namespace t2t::counters {
namespace {

constexpr int block_size = 32;
constexpr int blocks = 64;
constexpr int threads = blocks * block_size;

// Nobody asks for the old value: a reduction.
template <typename Number, typename Pattern>
__global__ void global_reduction_kernel(const Number* in,  // [threads]
                                        Number* totals) {  // [blocks, tile_extent]
    const int i = blockIdx.x * block_size + threadIdx.x;
    const int element = Pattern::at(threadIdx.x, blockIdx.x);
    if (element != nothing) atomicAdd(&totals[blockIdx.x * tile_extent<Pattern> + element], in[i]);
}

template <typename Number, typename Pattern>
__global__ void global_atomic_kernel(const Number* in,  // [threads]
                                     Number* totals,    // [blocks, tile_extent]
                                     Number* old) {     // [threads]
    const int i = blockIdx.x * block_size + threadIdx.x;
    const int element = Pattern::at(threadIdx.x, blockIdx.x);
    if (element == nothing) return;
    old[i] = atomicAdd(&totals[blockIdx.x * tile_extent<Pattern> + element], in[i]);
}

template <typename Number, typename Pattern>
__global__ void shared_atomic_kernel(const Number* in,  // [threads]
                                     Number* totals) {  // [blocks, tile_extent]
    __shared__ Number tile[tile_extent<Pattern>];
    for (int i = threadIdx.x; i < tile_extent<Pattern>; i += block_size) tile[i] = 0;
    __syncthreads();  // every total is 0 before anyone adds
    const int element = Pattern::at(threadIdx.x, blockIdx.x);
    if (element != nothing) atomicAdd(&tile[element], in[blockIdx.x * block_size + threadIdx.x]);
    __syncthreads();  // all have added
    for (int i = threadIdx.x; i < tile_extent<Pattern>; i += block_size) {
        totals[blockIdx.x * tile_extent<Pattern> + i] = tile[i];
    }
}

// Adds with `launch(in, totals)`. Small whole numbers: sums are exact in any order.
template <typename Number, typename Pattern, typename Start>
void add_with(Start start) {
    const auto in = lab::integers<Number>(threads, 1, 100, Pattern::extent);
    std::vector<Number> expected(blocks * tile_extent<Pattern>);
    DeviceBuffer<Number> in_device(in), totals_device(expected);
    start(in_device.data(), totals_device.data());
    check_launch("atomicAdd");
    for (int i = 0; i < threads; ++i) {
        const int element = Pattern::at(i % 32, i / 32);
        if (element != nothing) expected[i / 32 * tile_extent<Pattern> + element] += in[i];
    }
    require_same(totals_device.download(), expected);
}

template <typename Number, typename Pattern>
void reduce_global() {
    add_with<Number, Pattern>([](const Number* in, Number* totals) {
        global_reduction_kernel<Number, Pattern><<<blocks, block_size>>>(in, totals);
    });
}

template <typename Number, typename Pattern>
void add_global() {
    DeviceBuffer<Number> old(threads);
    add_with<Number, Pattern>([&](const Number* in, Number* totals) {
        global_atomic_kernel<Number, Pattern><<<blocks, block_size>>>(in, totals, old.data());
    });
}

template <typename Number, typename Pattern>
void add_shared() {
    add_with<Number, Pattern>([](const Number* in, Number* totals) {
        shared_atomic_kernel<Number, Pattern><<<blocks, block_size>>>(in, totals);
    });
}

template <typename Pattern>
void add_all(std::vector<Launch>& launches, const std::string& name) {
    // float in global memory, unsigned in shared memory: the hardware adds these itself. It has no
    // such addition for float in shared memory; nvcc makes a loop of it.
    launches.push_back({"global_reduction.float." + name, reduce_global<float, Pattern>});
    launches.push_back({"global_atomic.float." + name, add_global<float, Pattern>});
    launches.push_back({"shared_atomic.unsigned." + name, add_shared<unsigned, Pattern>});
}

}  // namespace

std::vector<Launch> atomic_launches() {
    std::vector<Launch> all;
    add_all<Strided<1>>(all, "different");
    add_all<Strided<2>>(all, "stride_2");
    add_all<Strided<32>>(all, "stride_32");
    add_all<EvenLanes>(all, "even_lanes");
    add_all<Repeated<16>>(all, "two_lanes_each");
    add_all<Repeated<4>>(all, "four_addresses");
    add_all<Repeated<4, 32>>(all, "four_addresses_apart");
    add_all<Random<5>>(all, "random_in_32_words");
    add_all<SameAddress>(all, "same_address");
    return all;
}

}  // namespace t2t::counters
