// Benchmarks of chapter 09: `t2t bench 09`.

#include <cstdint>
#include <vector>

#include "chapters/09_normalization/normalization.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/normalization.hpp"

namespace t2t::normalization {
namespace {

constexpr float epsilon = 1e-5f;  // under the root

template <typename T>
struct Operands {
    std::vector<float> x;             // [rows, width], what the device's copy holds
    std::vector<float> weight, bias;  // [width]; RMSNorm has no bias
    std::vector<double> expected;     // [rows, width]
    DeviceBuffer<float> x_device, weight_device, bias_device;
    DeviceBuffer<T> y;

    Operands(lab::Extent extent, bool with_bias, std::uint64_t seed)
        : x(lab::normal(extent.rows * extent.columns, 1, 2, 3 * seed)),
          weight(lab::uniform(extent.columns, 0.5, 1.5, 3 * seed + 1)),
          bias(lab::uniform(with_bias ? extent.columns : 0, -1, 1, 3 * seed + 2)),
          x_device(x),
          weight_device(weight),
          bias_device(bias),
          y(x.size()) {
        expected = with_bias ? lab::reference::layer_norm(x, weight, bias, extent, epsilon)
                             : lab::reference::rms_norm(x, weight, extent, epsilon);
    }
};

// What both norms share.
template <typename Norm, typename T>
lab::LadderCase<Norm, Operands<T>> norm_case(lab::Extent extent, bool with_bias) {
    // Half a last place of T at the largest values (|y| < 16), and of a long sum in fp32.
    const double tolerance = sizeof(T) == 2 ? 0x1p-5 : 1e-4;
    lab::LadderCase<Norm, Operands<T>> c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    if (sizeof(T) == 2) c.shape += ", y in bf16";
    c.work = Norm{.rows = extent.rows, .width = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return Operands<T>(extent, with_bias, seed); };
    c.output = [](Operands<T>& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands<T>& o) {
        return lab::first_fault(
            o.y, [&](std::size_t i) { return o.expected[i]; }, tolerance);
    };
    return c;
}

template <typename T>
auto layer_norm_case(lab::Extent extent) {
    auto c = norm_case<LayerNorm<T>, T>(extent, true);
    c.op = [=](Operands<T>& o) {
        return LayerNorm<T>{o.x_device.data(),
                            o.weight_device.data(),
                            o.bias_device.data(),
                            o.y.data(),
                            extent.rows,
                            extent.columns,
                            epsilon};
    };
    return c;
}

template <typename T>
auto rms_norm_case(lab::Extent extent) {
    auto c = norm_case<RmsNorm<T>, T>(extent, false);
    c.op = [=](Operands<T>& o) {
        return RmsNorm<T>{o.x_device.data(), o.weight_device.data(), o.y.data(),
                          extent.rows,       extent.columns,         epsilon};
    };
    return c;
}

void describe(lab::Bench& bench) {
    // GPT-2's width for LayerNorm, Mistral's for RMSNorm.
    const std::int64_t tokens = lab::by_device(8192, 64);
    const lab::Extent gpt2{tokens, 768};
    const lab::Extent mistral{tokens, 4096};
    bench.add(layer_norm_ladder<float>, layer_norm_case<float>(gpt2));
    bench.add(rms_norm_ladder<float>, rms_norm_case<float>(mistral));
    bench.add(rms_norm_ladder<__nv_bfloat16>, rms_norm_case<__nv_bfloat16>(mistral));
}

const lab::BenchChapter registration{9, describe};

}  // namespace
}  // namespace t2t::normalization
