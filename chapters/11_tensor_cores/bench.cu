// Benchmarks of chapter 11: `t2t bench 11`.

#include <array>
#include <cstdint>
#include <vector>

#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "common/lab/bench/bench.hpp"
#include "common/lab/bench/linear_operands.hpp"
#if defined(T2T_DEVICE_CUDA)
#include "common/lab/bench/cublas.hpp"
#endif

namespace t2t::tensor_cores {
namespace {

using Operands = lab::LinearOperands<__nv_bfloat16, __nv_bfloat16>;

lab::LadderCase<Bf16Linear, Operands> matmul_case(std::int64_t m, std::int64_t n, std::int64_t k) {
    lab::LadderCase<Bf16Linear, Operands> c;
    c.shape = lab::shape_label({m, n, k});
    c.work = Bf16Linear{.w = {nullptr, n, k}, .m = m}.work();
    c.roof = lab::Roof::fp32;  // to be broken: the FMA units' peak, not the tensor cores'
    c.make = [=](std::uint64_t seed) { return Operands(m, n, k, seed); };
    c.op = [=](Operands& o) {
        return Bf16Linear{
            .x = o.x_device.data(), .w = {o.w_device.data(), n, k}, .y = o.y_device.data(), .m = m};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
#if defined(T2T_DEVICE_CUDA)
    // The CPU device has no library.
    c.library_name = "cublasGemmEx";
    c.library = [=](Operands& o, cudaStream_t stream) {
        lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), m, n, k,
                           stream);
    };
#endif
    return c;
}

void describe(lab::Bench& bench) {
    // A square, and a prompt of 512 tokens through the first layer of Mistral's feed-forward.
    using Shapes = std::vector<std::array<std::int64_t, 3>>;
    const Shapes gpu{{4096, 4096, 4096}, {512, 14'336, 4096}};
    const Shapes cpu{{128, 192, 256}};
    for (const auto& [m, n, k] : lab::by_device(gpu, cpu)) {
        bench.add(ladder, matmul_case(m, n, k));
    }
}

const lab::BenchChapter registration{11, describe};

}  // namespace
}  // namespace t2t::tensor_cores
