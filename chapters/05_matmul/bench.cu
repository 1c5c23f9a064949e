// Benchmarks of chapter 05: `t2t bench 05`.

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

template <typename Weight>
using Case = lab::LadderCase<Matmul<Weight>, lab::LinearOperands<float, Weight>>;

// What the same run reaches with the library, which has no product of fp32 with bf16; the CPU
// device has no library.
template <typename Weight>
void add_library([[maybe_unused]] Case<Weight>& c, [[maybe_unused]] MatmulShape shape) {
#if defined(T2T_DEVICE_CUDA)
    if constexpr (std::is_same_v<Weight, float>) {
        c.library_name = "cublasGemmEx";
        c.library = [=](lab::LinearOperands<float, float>& o, cudaStream_t stream) {
            lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), shape.m,
                               shape.n, shape.k, stream);
        };
    }
#endif
}

template <typename Weight>
Case<Weight> matmul_case(const std::string& types, MatmulShape shape) {
    using Operands = lab::LinearOperands<float, Weight>;
    const double m = static_cast<double>(shape.m);
    const double n = static_cast<double>(shape.n);
    const double k = static_cast<double>(shape.k);
    Case<Weight> c;
    c.shape = types + ", " + lab::shape_label({shape.m, shape.n, shape.k});
    c.bytes = (m * k + m * n) * sizeof(float) + n * k * sizeof(Weight);
    c.flops = 2 * m * n * k;
    c.roof = lab::Roof::fp32;
    c.make = [=](std::uint64_t seed) { return Operands(shape.m, shape.n, shape.k, seed); };
    c.run = [=](Matmul<Weight>* rung, Operands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.w_device.data(), nullptr, o.y_device.data(), shape, stream);
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
    add_library<Weight>(c, shape);
    return c;
}

void describe(lab::Bench& bench) {
    // A square, and a prompt of 512 tokens through the first layer of GPT-2's feed-forward.
    using Shapes = std::vector<MatmulShape>;
    const Shapes gpu{{4096, 4096, 4096}, {512, 3072, 768}};
    const Shapes cpu{{128, 768, 192}};
    for (const MatmulShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(ladder<float>, matmul_case<float>("fp32", shape));
        bench.add(ladder<__nv_bfloat16>, matmul_case<__nv_bfloat16>("bf16 w", shape));
    }
}

const lab::BenchChapter registration{5, describe};

}  // namespace
}  // namespace t2t::matmul
