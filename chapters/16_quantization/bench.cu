// Benchmarks of chapter 16: `t2t bench 16`.

#include <array>
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

template <typename X, typename W>
using GemvCase = lab::LadderCase<Linear<X, W>, lab::LinearOperands<X, W>>;

template <typename X, typename W>
GemvCase<X, W> gemv_case(const std::string& types, std::int64_t m, std::int64_t n, std::int64_t k) {
    using Operands = lab::LinearOperands<X, W>;
    GemvCase<X, W> c;
    c.shape = types + ", " + lab::shape_label({m, n, k});
    c.work = Linear<X, W>{.w = {nullptr, n, k}, .m = m}.work();
    c.make = [=](std::uint64_t seed) { return Operands(m, n, k, seed); };
    c.op = [=](Operands& o) {
        return Linear<X, W>{
            .x = o.x_device.data(), .w = {o.w_device.data(), n, k}, .y = o.y_device.data(), .m = m};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
#if defined(T2T_DEVICE_CUDA)
    // The library wants one type for x and w; the CPU device has no library.
    if constexpr (std::is_same_v<X, W>) {
        c.library_name = "cublasGemmEx";
        c.library = [=](Operands& o, cudaStream_t stream) {
            lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), m, n, k,
                               stream);
        };
    }
#endif
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
    c.work = RoundToBf16{.n = n}.work();
    c.make = [=](std::uint64_t seed) { return RoundOperands(n, seed); };
    c.op = [=](RoundOperands& o) { return RoundToBf16{o.x_device.data(), o.y_device.data(), n}; };
    c.output = [](RoundOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const RoundOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) { return o.rounded[i]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    // One token through a square layer and through the first layer of Mistral's feed-forward.
    using Shapes = std::vector<std::array<std::int64_t, 3>>;
    for (const auto& [m, n, k] :
         lab::by_device(Shapes{{1, 4096, 4096}, {1, 14'336, 4096}}, Shapes{{1, 4096, 768}})) {
        bench.add(gemv_ladder<__nv_bfloat16, __nv_bfloat16>,
                  gemv_case<__nv_bfloat16, __nv_bfloat16>("bf16", m, n, k));
        bench.add(gemv_ladder<float, __nv_bfloat16>,
                  gemv_case<float, __nv_bfloat16>("fp32 x, bf16 w", m, n, k));
        bench.add(gemv_ladder<float, float>, gemv_case<float, float>("fp32", m, n, k));
    }
    using Sizes = std::vector<std::int64_t>;
    for (const std::int64_t n : lab::by_device(Sizes{1 << 26}, Sizes{1 << 20})) {
        bench.add(round_ladder, round_case(n));
    }
}

const lab::BenchChapter registration{16, describe};

}  // namespace
}  // namespace t2t::quantization
