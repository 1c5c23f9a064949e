// Benchmarks of chapter 11: `t2t bench 11`.

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
using Case = lab::LadderCase<Bf16Matmul, Operands>;

// What the same run reaches with the library; the CPU device has none.
void add_library([[maybe_unused]] Case& c, [[maybe_unused]] MatmulShape shape) {
#if defined(T2T_DEVICE_CUDA)
    c.library_name = "cublasGemmEx";
    c.library = [=](Operands& o, cudaStream_t stream) {
        lab::cublas_linear(o.x_device.data(), o.w_device.data(), o.y_device.data(), shape.m,
                           shape.n, shape.k, stream);
    };
#endif
}

Case matmul_case(MatmulShape shape) {
    const double m = static_cast<double>(shape.m);
    const double n = static_cast<double>(shape.n);
    const double k = static_cast<double>(shape.k);
    Case c;
    c.shape = lab::shape_label({shape.m, shape.n, shape.k});
    c.bytes = (m * k + n * k) * sizeof(__nv_bfloat16) + m * n * sizeof(float);
    c.flops = 2 * m * n * k;
    c.roof = lab::Roof::fp32;  // to be broken: the FMA units' peak, not the tensor cores'
    c.make = [=](std::uint64_t seed) { return Operands(shape.m, shape.n, shape.k, seed); };
    c.run = [=](Bf16Matmul* rung, Operands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.w_device.data(), nullptr, o.y_device.data(), shape, stream);
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const Operands& o) { return o.fault(); };
    add_library(c, shape);
    return c;
}

void describe(lab::Bench& bench) {
    // A square, and a prompt of 512 tokens through the first layer of Mistral's feed-forward.
    using Shapes = std::vector<MatmulShape>;
    const Shapes gpu{{4096, 4096, 4096}, {512, 14'336, 4096}};
    const Shapes cpu{{128, 192, 256}};
    for (const MatmulShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(ladder, matmul_case(shape));
    }
}

const lab::BenchChapter registration{11, describe};

}  // namespace
}  // namespace t2t::tensor_cores
