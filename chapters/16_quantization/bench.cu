// Benchmarks of chapter 16: `t2t bench 16`.

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "chapters/16_quantization/quantization.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/bench/linear_operands.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/quantization.hpp"
#if defined(T2T_DEVICE_CUDA)
#include "common/lab/bench/cublas.hpp"
#endif

namespace t2t::quantization {
namespace {

template <typename T, typename Weight>
using GemvCase = lab::LadderCase<Gemv<T, Weight>, lab::LinearOperands<T, Weight>>;

// What the same run reaches with the library, where x and w have one type; the CPU device has none.
template <typename T, typename Weight>
void add_library([[maybe_unused]] GemvCase<T, Weight>& c, [[maybe_unused]] GemvShape shape) {
#if defined(T2T_DEVICE_CUDA)
    if constexpr (std::is_same_v<T, Weight>) {
        c.library_name = "cublasGemmEx";
        c.library = [=](lab::LinearOperands<T, Weight>& o, cudaStream_t stream) {
            lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), shape.m,
                               shape.n, shape.k, stream);
        };
    }
#endif
}

template <typename T, typename Weight>
GemvCase<T, Weight> gemv_case(const std::string& types, GemvShape shape) {
    using Operands = lab::LinearOperands<T, Weight>;
    const double m = static_cast<double>(shape.m);
    const double n = static_cast<double>(shape.n);
    const double k = static_cast<double>(shape.k);
    GemvCase<T, Weight> c;
    c.shape = types + ", " + lab::shape_label({shape.m, shape.n, shape.k});
    c.bytes = m * k * sizeof(T) + n * k * sizeof(Weight) + m * n * sizeof(float);
    c.flops = 2 * m * n * k;
    c.make = [=](std::uint64_t seed) { return Operands(shape.m, shape.n, shape.k, seed); };
    c.run = [=](Gemv<T, Weight>* rung, Operands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.w_device.data(), nullptr, o.y_device.data(), shape, stream);
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
    add_library<T, Weight>(c, shape);
    return c;
}

struct RoundOperands {
    std::vector<float> x;         // [n], what the device's copy holds
    std::vector<double> rounded;  // [n], what y must be
    DeviceBuffer<float> x_device;
    DeviceBuffer<__nv_bfloat16> y_device;

    RoundOperands(std::int64_t n, std::uint64_t seed)
        : x(lab::normal(n, 0, 1, seed)),
          rounded(lab::reference::round_to_bf16(x)),
          x_device(x),
          y_device(x.size()) {}
};

lab::LadderCase<RoundToBf16, RoundOperands> round_case(std::int64_t n) {
    lab::LadderCase<RoundToBf16, RoundOperands> c;
    c.shape = lab::shape_label({n});
    c.bytes = 6.0 * static_cast<double>(n);  // a float in, a bf16 out
    c.make = [=](std::uint64_t seed) { return RoundOperands(n, seed); };
    c.run = [=](RoundToBf16* rung, RoundOperands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.y_device.data(), n, stream);
    };
    c.output = [](RoundOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const RoundOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) { return o.rounded[i]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    // One token through a square layer and through the first layer of Mistral's feed-forward.
    using Shapes = std::vector<GemvShape>;
    for (const GemvShape& shape :
         lab::by_device(Shapes{{1, 4096, 4096}, {1, 14'336, 4096}}, Shapes{{1, 4096, 768}})) {
        bench.add(gemv_ladder<__nv_bfloat16, __nv_bfloat16>,
                  gemv_case<__nv_bfloat16, __nv_bfloat16>("bf16", shape));
        bench.add(gemv_ladder<float, __nv_bfloat16>,
                  gemv_case<float, __nv_bfloat16>("fp32 x, bf16 w", shape));
        bench.add(gemv_ladder<float, float>, gemv_case<float, float>("fp32", shape));
    }
    using Sizes = std::vector<std::int64_t>;
    for (const std::int64_t n : lab::by_device(Sizes{1 << 26}, Sizes{1 << 20})) {
        bench.add(round_ladder, round_case(n));
    }
}

const lab::BenchChapter registration{16, describe};

}  // namespace
}  // namespace t2t::quantization
