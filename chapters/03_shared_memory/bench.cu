// Benchmarks of chapter 03: `t2t bench 03`.

#include <cstdint>
#include <vector>

#include "chapters/03_shared_memory/shared_memory.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"
#if defined(T2T_DEVICE_CUDA)
#include "common/lab/bench/cublas.hpp"
#endif

namespace t2t::shared_memory {
namespace {

struct Operands {
    std::vector<float> in;  // [rows, columns], what the device's copy holds
    DeviceBuffer<float> in_device, out_device;

    Operands(lab::Extent extent, std::uint64_t seed)
        : in(lab::uniform(extent.rows * extent.columns, -1, 1, seed)),
          in_device(in),
          out_device(in.size()) {}
};

using Case = lab::LadderCase<Transpose, Operands>;

// What the same run reaches with the library; the CPU device has none.
#if defined(T2T_DEVICE_CUDA)
void add_library(Case& c, lab::Extent extent) {
    c.library_name = "cublasSgeam";
    c.library = [=](Operands& o, cudaStream_t stream) {
        // cuBLAS is column-major: it sees `in` as [columns, rows], and writes its transpose.
        const int rows = static_cast<int>(extent.rows);
        const int columns = static_cast<int>(extent.columns);
        const float one = 1;
        const float zero = 0;
        float* out = o.out_device.data();
        lab::check_cublas(cublasSgeam(lab::cublas_on(stream), CUBLAS_OP_T, CUBLAS_OP_N, rows,
                                      columns, &one, o.in_device.data(), columns, &zero, out, rows,
                                      out, rows));
    };
}
#else
void add_library(Case&, lab::Extent) {}
#endif

Case transpose_case(lab::Extent extent) {
    Case c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    c.work = Transpose{.rows = extent.rows, .columns = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return Operands(extent, seed); };
    c.op = [=](Operands& o) {
        return Transpose{o.in_device.data(), o.out_device.data(), extent.rows, extent.columns};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.out_device); };
    c.fault = [=](const Operands& o) {
        const auto rows = static_cast<std::size_t>(extent.rows);
        const auto columns = static_cast<std::size_t>(extent.columns);
        return lab::first_fault(o.out_device,
                                [&](std::size_t i) { return o.in[i % rows * columns + i / rows]; });
    };
    add_library(c, extent);
    return c;
}

void describe(lab::Bench& bench) {
    using Extents = std::vector<lab::Extent>;
    // A large square, sides that no vector and no tile divides, and a GPT-2 weight.
    const Extents gpu{{16384, 16384}, {16381, 16127}, {768, 3072}};
    const Extents cpu{{1024, 1024}, {1021, 1007}};
    for (const lab::Extent extent : lab::by_device(gpu, cpu)) {
        bench.add(ladder, transpose_case(extent));
    }
}

const lab::BenchChapter registration{3, describe};

}  // namespace
}  // namespace t2t::shared_memory
