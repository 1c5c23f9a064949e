// Benchmarks of chapter 10: `t2t bench 10`.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"
#include "common/lab/reference/fused.hpp"
#include "common/lab/reference/normalization.hpp"

namespace t2t::fused_kernels {
namespace {

template <typename T>
struct SwigluOperands {
    std::vector<float> gate_up;    // [rows, 2 · width], what the device's copy holds
    std::vector<double> expected;  // [rows, width]
    DeviceBuffer<float> gate_up_device;
    DeviceBuffer<T> y;

    SwigluOperands(lab::Extent extent, std::uint64_t seed)
        : gate_up(lab::normal(extent.rows * 2 * extent.columns, 0, 2, seed)),
          expected(lab::reference::swiglu(gate_up, extent)),
          gate_up_device(gate_up),
          y(expected.size()) {}
};

template <typename T>
lab::LadderCase<Swiglu<T>, SwigluOperands<T>> swiglu_case(lab::Extent extent) {
    // A last place of T at the largest values (|y| < 128), for the chain rounds twice; and fp32's.
    const double tolerance = sizeof(T) == 2 ? 0.5 : 1e-4;
    lab::LadderCase<Swiglu<T>, SwigluOperands<T>> c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    if (sizeof(T) == 2) c.shape += ", y in bf16";
    c.work = Swiglu<T>{.rows = extent.rows, .width = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return SwigluOperands<T>(extent, seed); };
    c.op = [=](SwigluOperands<T>& o) {
        return Swiglu<T>{o.gate_up_device.data(), o.y.data(), extent.rows, extent.columns};
    };
    c.output = [](SwigluOperands<T>& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const SwigluOperands<T>& o) {
        return lab::first_fault(
            o.y, [&](std::size_t i) { return o.expected[i]; }, tolerance);
    };
    return c;
}

constexpr float epsilon = 1e-5f;  // under a norm's root

// Half a last place of T at |y| < 16, and of a long sum in fp32.
template <typename T>
constexpr double norm_tolerance = sizeof(T) == 2 ? 0x1p-5 : 1e-4;

template <typename T>
struct ResidualOperands {
    std::vector<float> x, y;    // [rows, width], what the device's copies hold before the first run
    std::vector<float> weight;  // [width]
    std::vector<float> bias;    // [width], or empty for an RMSNorm
    DeviceBuffer<float> x_device, y_device, weight_device, bias_device;
    DeviceBuffer<T> normed;

    ResidualOperands(lab::Extent extent, bool with_bias, std::uint64_t seed)
        : x(lab::normal(extent.rows * extent.columns, 1, 2, 4 * seed)),
          y(lab::normal(extent.rows * extent.columns, 0, 1, 4 * seed + 1)),
          weight(lab::uniform(extent.columns, 0.5, 1.5, 4 * seed + 2)),
          bias(lab::uniform(with_bias ? extent.columns : 0, -1, 1, 4 * seed + 3)),
          x_device(x),
          y_device(y),
          weight_device(weight),
          bias_device(bias),
          normed(x.size()) {}

    // Each run adds y once more. How often it has been added, x itself says.
    std::string fault(lab::Extent extent) const {
        const std::vector<float> now = x_device.download();
        double along = 0, length = 0, largest = 0;
        for (std::size_t i = 0; i < now.size(); ++i) {
            along += (double{now[i]} - x[i]) * y[i];
            length += double{y[i]} * y[i];
            largest = std::max(largest, std::abs(double{now[i]}));
        }
        const double runs = std::round(along / length);
        if (!(runs >= 1)) return "x is not what it was before, plus y";
        const std::string wrong_sum = lab::first_fault(
            x_device, [&](std::size_t i) { return x[i] + runs * y[i]; }, runs * largest * 0x1p-24);
        if (!wrong_sum.empty()) return "x: " + wrong_sum;
        const auto expected = lab::reference::norm(now, weight, bias, extent, double{epsilon});
        return lab::first_fault(
            normed, [&](std::size_t i) { return expected[i]; }, norm_tolerance<T>);
    }
};

template <typename T>
lab::LadderCase<ResidualNorm<T>, ResidualOperands<T>> residual_norm_case(lab::Extent extent,
                                                                         bool with_bias) {
    const auto [rows, width] = extent;
    const float bias = 0;  // work() asks only whether there is one
    lab::LadderCase<ResidualNorm<T>, ResidualOperands<T>> c;
    c.shape = lab::shape_label({rows, width}) + (with_bias ? ", LayerNorm" : ", RMSNorm");
    if (sizeof(T) == 2) c.shape += " in bf16";
    c.work =
        ResidualNorm<T>{.bias = with_bias ? &bias : nullptr, .rows = rows, .width = width}.work();
    c.make = [=](std::uint64_t seed) { return ResidualOperands<T>(extent, with_bias, seed); };
    c.op = [rows = rows, width = width](ResidualOperands<T>& o) {
        return ResidualNorm<T>{.x = o.x_device.data(),
                               .y = o.y_device.data(),
                               .weight = o.weight_device.data(),
                               .bias = o.bias_device.data(),  // null where it is empty
                               .normed = o.normed.data(),
                               .rows = rows,
                               .width = width,
                               .epsilon = epsilon};
    };
    c.output = [](ResidualOperands<T>& o) { return lab::bytes_of(o.normed); };
    c.fault = [=](const ResidualOperands<T>& o) { return o.fault(extent); };
    return c;
}
using lab::reference::LinearShape;

// What messages call the types of a layer, and its sizes.
template <typename X, typename W>
std::string layer_label(const LinearShape& shape) {
    return std::string(type_pair_text<X, W>) + ", " + lab::shape_label({shape.m, shape.n, shape.k});
}

// What bounds a layer: one token uses every weight once, and a prompt m times. In bf16 tensor cores may break
// the roof of the FMA units.
lab::Roof layer_roof(const LinearShape& shape) {
    return shape.m == 1 ? lab::Roof::copy : lab::Roof::fp32;
}

// Σ a[i, k] · w[j, k] in float64.
template <typename A, typename W>
double product(const std::vector<A>& a, const std::vector<W>& w, std::size_t i, std::size_t j,
               std::int64_t k) {
    const A* a_row = &a[i * static_cast<std::size_t>(k)];
    const W* w_row = &w[j * static_cast<std::size_t>(k)];
    double sum = 0;
    for (std::int64_t l = 0; l < k; ++l) {
        sum += static_cast<double>(a_row[l]) * static_cast<double>(w_row[l]);
    }
    return sum;
}

template <typename X, typename W>
struct NormLinearOperands {
    std::vector<float> x, weight;  // [m, k] and [k], what the device's copies hold
    std::vector<W> w;              // [n, k], likewise
    std::vector<double> normed;    // [m, k]
    DeviceBuffer<float> x_device, weight_device;
    DeviceBuffer<W> w_device;
    DeviceBuffer<float> y;  // [m, n]

    NormLinearOperands(const LinearShape& shape, std::uint64_t seed)
        : x(lab::normal(shape.m * shape.k, 1, 2, 3 * seed)),
          weight(lab::uniform(shape.k, 0.5, 1.5, 3 * seed + 1)),
          w(lab::uniform<W>(shape.n * shape.k, -1, 1, 3 * seed + 2)),
          normed(lab::reference::rms_norm(x, weight, {shape.m, shape.k}, double{epsilon})),
          x_device(x),
          weight_device(weight),
          w_device(w),
          y(static_cast<std::size_t>(shape.m * shape.n)) {}
};

template <typename X, typename W>
lab::LadderCase<NormLinear<X, W>, NormLinearOperands<X, W>> norm_linear_case(LinearShape shape) {
    using Operands = NormLinearOperands<X, W>;
    const auto operation = [=](const W* w) {
        return NormLinear<X, W>{
            .epsilon = epsilon,
            .linear = {.w = {w, shape.n, shape.k}, .m = shape.m, .single_tokens = shape.m == 1}};
    };
    lab::LadderCase<NormLinear<X, W>, Operands> c;
    c.shape = layer_label<X, W>(shape) + ", RMSNorm";
    c.work = operation(nullptr).work();
    c.roof = layer_roof(shape);
    c.make = [=](std::uint64_t seed) { return Operands(shape, seed); };
    c.op = [=](Operands& o) {
        NormLinear<X, W> op = operation(o.w_device.data());
        op.x = o.x_device.data();
        op.weight = o.weight_device.data();
        op.linear.y = o.y.data();
        return op;
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands& o) {
        // Each of k products, of size 1 on average, is off by half a last place of X, or by an ε of a sum
        // of k; they grow like a random walk. The worst of thousands of samples lies four deviations off,
        // and an H200 was seen at 1.06 times the walk's length: so twice that length.
        const auto products = static_cast<double>(shape.k);
        const double tolerance =
            2 * std::sqrt(products) * (sizeof(X) == 2 ? 0x1p-8 : 0x1p-23 * products);
        const auto n = static_cast<std::size_t>(shape.n);
        return lab::sampled_fault(
            o.y, [&](std::size_t i) { return product(o.normed, o.w, i / n, i % n, shape.k); },
            tolerance);
    };
    return c;
}

template <typename X, typename W>
struct UpProjectionOperands {
    std::vector<X> x;  // [m, k], what the device's copy holds
    std::vector<W> w;  // [n, k], likewise
    DeviceBuffer<X> x_device;
    DeviceBuffer<W> w_device;
    DeviceBuffer<X> y;  // [m, inner]

    // Sums of about ±1: far out an activation is 0, or its argument.
    UpProjectionOperands(const LinearShape& shape, std::int64_t inner, std::uint64_t seed)
        : x(lab::uniform<X>(shape.m * shape.k, -1, 1, 2 * seed)),
          w(lab::uniform<W>(shape.n * shape.k, -3 / std::sqrt(shape.k), 3 / std::sqrt(shape.k),
                            2 * seed + 1)),
          x_device(x),
          w_device(w),
          y(static_cast<std::size_t>(shape.m * inner)) {}
};

template <typename X, typename W>
lab::LadderCase<UpProjection<X, W>, UpProjectionOperands<X, W>> up_projection_case(
    LinearShape shape, Activation activation) {
    using Operands = UpProjectionOperands<X, W>;
    const auto operation = [=](const W* w) {
        return UpProjection<X, W>{
            .linear = {.w = {w, shape.n, shape.k}, .m = shape.m, .single_tokens = shape.m == 1},
            .activation = activation};
    };
    const std::int64_t inner = operation(nullptr).inner();
    lab::LadderCase<UpProjection<X, W>, Operands> c;
    c.shape = layer_label<X, W>(shape) + (activation == Activation::gelu ? ", GELU" : ", SwiGLU");
    c.work = operation(nullptr).work();
    c.roof = layer_roof(shape);
    c.make = [=](std::uint64_t seed) { return Operands(shape, inner, seed); };
    c.op = [=](Operands& o) {
        UpProjection<X, W> op = operation(o.w_device.data());
        op.linear.x = o.x_device.data();
        op.y = o.y.data();
        return op;
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands& o) {
        const auto sum = [&](std::size_t i, std::size_t j) {
            return static_cast<float>(product(o.x, o.w, i, j, shape.k));
        };
        return lab::sampled_fault(
            o.y,
            [&](std::size_t at) {
                const std::size_t i = at / static_cast<std::size_t>(inner);
                const std::size_t j = at % static_cast<std::size_t>(inner);
                if (activation == Activation::gelu) {
                    return lab::reference::gelu(std::vector{sum(i, j)}).front();
                }
                const std::size_t up = j + static_cast<std::size_t>(inner);
                return lab::reference::swiglu(std::vector{sum(i, j), sum(i, up)}, {1, 1}).front();
            },
            // Half a last place of X at |y| < 16, and a long sum in fp32 times an activation's slope.
            sizeof(X) == 2 ? 0x1p-4 : 1e-4);
    };
    return c;
}

void describe(lab::Bench& bench) {
    using bf16 = __nv_bfloat16;
    // Mistral's hidden layer is 14,336 wide: a prompt, and one token.
    const lab::Extent prompt{lab::by_device(2048, 16), 14'336};
    const lab::Extent token{1, 14'336};
    bench.add(swiglu_ladder<float>, swiglu_case<float>(prompt));
    bench.add(swiglu_ladder<bf16>, swiglu_case<bf16>(prompt));
    bench.add(swiglu_ladder<float>, swiglu_case<float>(token));

    // Mistral's residual stream is 4,096 wide, GPT-2's 768.
    const std::int64_t tokens = lab::by_device(512, 16);
    bench.add(residual_norm_ladder<bf16>, residual_norm_case<bf16>({tokens, 4096}, false));
    bench.add(residual_norm_ladder<bf16>, residual_norm_case<bf16>({1, 4096}, false));
    bench.add(residual_norm_ladder<float>, residual_norm_case<float>({tokens, 768}, true));

    // Mistral's query, key and value projections in one, and its gate and up: 4,096 + 2 · 1,024 and
    // 2 · 14,336 outputs.
    const std::int64_t width = lab::by_device(4096, 256);
    const std::int64_t projections = lab::by_device(6144, 384);
    const std::int64_t gate_up = lab::by_device(28'672, 1792);
    for (const std::int64_t m : {std::int64_t{1}, tokens}) {
        bench.add(norm_linear_ladder<bf16, bf16>,
                  norm_linear_case<bf16, bf16>({m, projections, width}));
        bench.add(up_projection_ladder<bf16, bf16>,
                  up_projection_case<bf16, bf16>({m, gate_up, width}, Activation::swiglu));
    }
    // The first layer of GPT-2's MLP, in fp32.
    const LinearShape gpt2{tokens, lab::by_device(3072, 384), lab::by_device(768, 96)};
    bench.add(up_projection_ladder<float, float>,
              up_projection_case<float, float>(gpt2, Activation::gelu));
}

const lab::BenchChapter registration{10, describe};

}  // namespace
}  // namespace t2t::fused_kernels
