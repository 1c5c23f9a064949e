// Benchmarks of chapter 06: `t2t bench 06`.

#include <cstdint>
#include <vector>

#include "chapters/06_instructions/instructions.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"

namespace t2t::instructions {
namespace {

template <typename T>
struct Operands {
    std::vector<double> expected;  // [n]
    DeviceBuffer<float> x;
    DeviceBuffer<T> y;

    Operands(ActivationFunction function, std::int64_t n, std::uint64_t seed)
        : Operands(function, lab::normal(n, 0, 2, seed)) {}
    Operands(ActivationFunction function, const std::vector<float>& values)
        : expected(lab::reference::activation(function, values)), x(values), y(values.size()) {}
};

/// @tparam Op Gelu<T> or Activate<T>
template <typename T, typename Op>
lab::LadderCase<Op, Operands<T>> function_case(ActivationFunction function, std::int64_t rows,
                                               std::int64_t width) {
    const std::int64_t n = rows * width;
    // Half a last place of T at the largest values (|y| < 16), and of fp32's rounding.
    const double tolerance = sizeof(T) == 2 ? 0x1p-5 : 1e-5;
    lab::LadderCase<Op, Operands<T>> c;
    c.shape = lab::shape_label({rows, width});
    if (sizeof(T) == 2) c.shape += ", y in bf16";
    c.work = Op{.n = n}.work();
    c.make = [=](std::uint64_t seed) { return Operands<T>(function, n, seed); };
    c.op = [=](Operands<T>& o) {
        Op op{.x = o.x.data(), .y = o.y.data(), .n = n};
        if constexpr (requires { op.function; }) op.function = function;
        return op;
    };
    c.output = [](Operands<T>& o) { return lab::bytes_of(o.y); };
    c.fault = [=](const Operands<T>& o) {
        return lab::first_fault(
            o.y, [&](std::size_t i) { return o.expected[i]; }, tolerance);
    };
    return c;
}

void describe(lab::Bench& bench) {
    // The MLP of GPT-2, whose hidden layer is 3,072 wide, for 8,192 tokens.
    const std::int64_t tokens = lab::by_device(8192, 64);
    const auto add = [&]<typename T>(T) {
        bench.add(gelu_ladder<T>,
                  function_case<T, Gelu<T>>(ActivationFunction::gelu_tanh, tokens, 3072));
        bench.add(activation_ladder<T>,
                  function_case<T, Activate<T>>(ActivationFunction::gelu_erf, tokens, 3072));
    };
    add(float{});
    add(__nv_bfloat16{});
}

const lab::BenchChapter registration{6, describe};

}  // namespace
}  // namespace t2t::instructions
