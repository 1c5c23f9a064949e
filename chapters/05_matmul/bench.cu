// Benchmarks of chapter 05: `t2t bench 05`.

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "chapters/05_matmul/matmul.cuh"
#include "common/lab/bench/bench.hpp"
#include "common/lab/bench/linear_operands.hpp"
#if defined(T2T_DEVICE_CUDA)
#include "common/lab/bench/cublas.hpp"
#endif

namespace t2t::matmul {
namespace {

template <typename W>
using Case = lab::LadderCase<Linear<float, W>, lab::LinearOperands<float, W>>;

template <typename W>
Case<W> matmul_case(const std::string& types, std::int64_t m, std::int64_t n, std::int64_t k) {
    using Operands = lab::LinearOperands<float, W>;
    Case<W> c;
    c.shape = types + ", " + lab::shape_label({m, n, k});
    c.work = Linear<float, W>{.w = {nullptr, n, k}, .m = m}.work();
    c.roof = lab::Roof::fp32;
    c.make = [=](std::uint64_t seed) { return Operands(m, n, k, seed); };
    c.op = [=](Operands& o) {
        return Linear<float, W>{
            .x = o.x_device.data(), .w = {o.w_device.data(), n, k}, .y = o.y_device.data(), .m = m};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
#if defined(T2T_DEVICE_CUDA)
    // The library has no product of fp32 with bf16; the CPU device has no library.
    if constexpr (std::is_same_v<W, float>) {
        c.library_name = "cublasGemmEx";
        c.library = [=](Operands& o, cudaStream_t stream) {
            lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), m, n, k,
                               stream);
        };
    }
#endif
    return c;
}

void describe(lab::Bench& bench) {
    // A square, and a prompt of 512 tokens through the first layer of GPT-2's feed-forward.
    using Shapes = std::vector<std::array<std::int64_t, 3>>;
    const Shapes gpu{{4096, 4096, 4096}, {512, 3072, 768}};
    const Shapes cpu{{128, 768, 192}};
    for (const auto& [m, n, k] : lab::by_device(gpu, cpu)) {
        bench.add(ladder<float>, matmul_case<float>("fp32", m, n, k));
        bench.add(ladder<__nv_bfloat16>, matmul_case<__nv_bfloat16>("bf16 w", m, n, k));
    }
}

const lab::BenchChapter registration{5, describe};

}  // namespace
}  // namespace t2t::matmul
