// Benchmarks of chapter 10: `t2t bench 10`.

#include <cstdint>
#include <vector>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"

namespace t2t::fused_kernels {
namespace {

template <typename T>
struct Operands {
    std::vector<float> gate_up;    // [rows, 2 · width], what the device's copy holds
    std::vector<double> expected;  // [rows, width]
    DeviceBuffer<float> gate_up_device;
    DeviceBuffer<T> y;

    Operands(lab::Extent extent, std::uint64_t seed)
        : gate_up(lab::normal(extent.rows * 2 * extent.columns, 0, 2, seed)),
          expected(lab::reference::swiglu(gate_up, extent)),
          gate_up_device(gate_up),
          y(expected.size()) {}
};

template <typename T>
lab::LadderCase<Swiglu<T>, Operands<T>> swiglu_case(lab::Extent extent) {
    // A last place of T at the largest values (|y| < 128), for the chain rounds twice; and fp32's.
    const double tolerance = sizeof(T) == 2 ? 0.5 : 1e-4;
    lab::LadderCase<Swiglu<T>, Operands<T>> c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    if (sizeof(T) == 2) c.shape += ", y in bf16";
    c.work = Swiglu<T>{.rows = extent.rows, .width = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return Operands<T>(extent, seed); };
    c.op = [=](Operands<T>& o) {
        return Swiglu<T>{o.gate_up_device.data(), o.y.data(), extent.rows, extent.columns};
    };
    c.output = [](Operands<T>& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands<T>& o) {
        return lab::first_fault(
            o.y, [&](std::size_t i) { return o.expected[i]; }, tolerance);
    };
    return c;
}

void describe(lab::Bench& bench) {
    // Mistral's hidden layer is 14,336 wide: a prompt, and one token.
    const lab::Extent prompt{lab::by_device(2048, 16), 14'336};
    const lab::Extent token{1, 14'336};
    bench.add(swiglu_ladder<float>, swiglu_case<float>(prompt));
    bench.add(swiglu_ladder<__nv_bfloat16>, swiglu_case<__nv_bfloat16>(prompt));
    bench.add(swiglu_ladder<float>, swiglu_case<float>(token));
}

const lab::BenchChapter registration{10, describe};

}  // namespace
}  // namespace t2t::fused_kernels
