// Floating-point operations that can be counted by hand, and branches that part a warp.

#include <cmath>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/counters/launches.hpp"

namespace t2t::counters {
namespace {

constexpr int block_size = 64;
constexpr int blocks = 32;
constexpr int threads = blocks * block_size;
constexpr int chain = 50;  // operations of a thread, each waiting for the one before

struct Add {
    template <typename Number>
    __host__ __device__ static Number next(Number x, Number a, Number) {
        return x + a;
    }
};

struct Multiply {
    template <typename Number>
    __host__ __device__ static Number next(Number x, Number a, Number) {
        return x * a;
    }
};

struct MultiplyAdd {
    __host__ __device__ static float next(float x, float a, float b) { return fmaf(x, a, b); }
    __host__ __device__ static double next(double x, double a, double b) { return fma(x, a, b); }
};

template <typename Number, typename Operation>
__global__ void flops_kernel(const Number* in, Number* out, Number a, Number b) {  // [threads]
    const int i = blockIdx.x * block_size + threadIdx.x;
    Number x = in[i];
#pragma unroll
    for (int step = 0; step < chain; ++step) x = Operation::next(x, a, b);
    out[i] = x;
}

template <typename Number, typename Operation>
void count_flops() {
    const auto in = lab::uniform<Number>(threads, 1, 2, 1);
    const Number a = 1 + Number(1) / 128;
    const Number b = Number(1) / 3;
    DeviceBuffer<Number> in_device(in), out_device(threads);
    flops_kernel<Number, Operation>
        <<<blocks, block_size>>>(in_device.data(), out_device.data(), a, b);
    check_launch("flops");
    std::vector<Number> expected = in;
    for (Number& x : expected) {
        for (int step = 0; step < chain; ++step) x = Operation::next(x, a, b);
    }
    require_same(out_device.download(), expected);
}

// Steps that a thread takes. The same for all lanes: no divergence.
struct AllLanes {
    __host__ __device__ static int steps(int) { return 2000; }
};
// Half the lanes sit out: 16 of 32 take part.
struct HalfTheLanes {
    __host__ __device__ static int steps(int lane) { return lane % 2 == 0 ? 2000 : 0; }
};
// Lane l leaves after 100 · (l + 1) steps: (1 + 2 + … + 32) / 32 = 16.5 of 32 take part.
struct OneAfterTheOther {
    __host__ __device__ static int steps(int lane) { return 100 * (lane + 1); }
};

__host__ __device__ inline unsigned next_number(unsigned x) {
    return x * 1664525u + 1013904223u;
}

template <typename Steps>
__global__ void divergent_kernel(unsigned* out) {  // [threads]
    const int i = blockIdx.x * block_size + threadIdx.x;
    unsigned x = i;
#pragma unroll 1
    for (int left = Steps::steps(i % 32); left > 0; --left) x = next_number(x);
    out[i] = x;
}

// The even lanes walk one loop, then the odd ones another: 16 of 32 take part in each.
__global__ void two_sides_kernel(unsigned* out) {  // [threads]
    const int i = blockIdx.x * block_size + threadIdx.x;
    unsigned x = i;
    if (i % 2 == 0) {
#pragma unroll 1
        for (int step = 0; step < 2000; ++step) x = next_number(x);
    } else {
#pragma unroll 1
        for (int step = 0; step < 2000; ++step) x = next_number(x ^ step);
    }
    out[i] = x;
}

template <typename Steps>
void diverge() {
    DeviceBuffer<unsigned> out_device(threads);
    divergent_kernel<Steps><<<blocks, block_size>>>(out_device.data());
    check_launch("divergent");
    std::vector<unsigned> expected(threads);
    for (int i = 0; i < threads; ++i) {
        expected[i] = i;
        for (int left = Steps::steps(i % 32); left > 0; --left)
            expected[i] = next_number(expected[i]);
    }
    require_same(out_device.download(), expected);
}

void take_two_sides() {
    DeviceBuffer<unsigned> out_device(threads);
    two_sides_kernel<<<blocks, block_size>>>(out_device.data());
    check_launch("two_sides");
    std::vector<unsigned> expected(threads);
    for (int i = 0; i < threads; ++i) {
        unsigned x = i;
        for (int step = 0; step < 2000; ++step) x = next_number(i % 2 == 0 ? x : x ^ step);
        expected[i] = x;
    }
    require_same(out_device.download(), expected);
}

}  // namespace

std::vector<Launch> arithmetic_launches() {
    return {
        {"flops.float.add", count_flops<float, Add>},
        {"flops.float.mul", count_flops<float, Multiply>},
        {"flops.float.fma", count_flops<float, MultiplyAdd>},
        {"flops.double.add", count_flops<double, Add>},
        {"flops.double.mul", count_flops<double, Multiply>},
        {"flops.double.fma", count_flops<double, MultiplyAdd>},
        {"branch.all_lanes", diverge<AllLanes>},
        {"branch.half_the_lanes", diverge<HalfTheLanes>},
        {"branch.one_after_the_other", diverge<OneAfterTheOther>},
        {"branch.two_sides", take_two_sides},
    };
}

}  // namespace t2t::counters
