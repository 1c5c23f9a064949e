// Benchmarks of chapter 09: `t2t bench 09`.

#include <cstdint>
#include <vector>

#include "chapters/09_normalization/normalization.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/normalization.hpp"

namespace t2t::normalization {
namespace {

template <typename T>
struct Operands {
    std::vector<float> x;             // [rows, width], what the device's copy holds
    std::vector<float> weight, bias;  // [width]; RMSNorm has no bias
    std::vector<double> expected;     // [rows, width]
    DeviceBuffer<float> x_device, weight_device, bias_device;
    DeviceBuffer<T> y;

    Operands(const NormShape& shape, bool with_bias, std::uint64_t seed)
        : x(lab::normal(shape.rows * shape.width, 1, 2, 3 * seed)),
          weight(lab::uniform(shape.width, 0.5, 1.5, 3 * seed + 1)),
          bias(lab::uniform(with_bias ? shape.width : 0, -1, 1, 3 * seed + 2)),
          x_device(x),
          weight_device(weight),
          bias_device(bias),
          y(x.size()) {
        const lab::Extent extent{shape.rows, shape.width};
        expected = with_bias ? lab::reference::layer_norm(x, weight, bias, extent, shape.epsilon)
                             : lab::reference::rms_norm(x, weight, extent, shape.epsilon);
    }
};

// What both norms share.
template <typename Function, typename T>
lab::LadderCase<Function, Operands<T>> norm_case(const NormShape& shape, bool with_bias) {
    // Half a last place of T at the largest values (|y| < 16), and of a long sum in fp32.
    const double tolerance = sizeof(T) == 2 ? 0x1p-5 : 1e-4;
    lab::LadderCase<Function, Operands<T>> c;
    c.shape = lab::shape_label({shape.rows, shape.width});
    if (sizeof(T) == 2) c.shape += ", y in bf16";
    // x is read once, y is written once; weight and bias are small.
    c.bytes = static_cast<double>(shape.rows) * shape.width * (sizeof(float) + sizeof(T)) +
              shape.width * sizeof(float) * (with_bias ? 2.0 : 1.0);
    c.make = [=](std::uint64_t seed) { return Operands<T>(shape, with_bias, seed); };
    c.output = [](Operands<T>& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands<T>& o) {
        return lab::first_fault(
            o.y, [&](std::size_t i) { return o.expected[i]; }, tolerance);
    };
    return c;
}

template <typename T>
auto layer_norm_case(const NormShape& shape) {
    auto c = norm_case<LayerNorm<T>, T>(shape, true);
    c.run = [=](LayerNorm<T>* rung, Operands<T>& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.weight_device.data(), o.bias_device.data(), o.y.data(), shape,
             stream);
    };
    return c;
}

template <typename T>
auto rms_norm_case(const NormShape& shape) {
    auto c = norm_case<RmsNorm<T>, T>(shape, false);
    c.run = [=](RmsNorm<T>* rung, Operands<T>& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.weight_device.data(), o.y.data(), shape, stream);
    };
    return c;
}

void describe(lab::Bench& bench) {
    // GPT-2's width for LayerNorm, Mistral's for RMSNorm.
    const std::int64_t tokens = lab::by_device(8192, 64);
    const NormShape gpt2{tokens, 768, 1e-5f};
    const NormShape mistral{tokens, 4096, 1e-5f};
    bench.add(layer_norm_ladder<float>, layer_norm_case<float>(gpt2));
    bench.add(rms_norm_ladder<float>, rms_norm_case<float>(mistral));
    bench.add(rms_norm_ladder<__nv_bfloat16>, rms_norm_case<__nv_bfloat16>(mistral));
}

const lab::BenchChapter registration{9, describe};

}  // namespace
}  // namespace t2t::normalization
