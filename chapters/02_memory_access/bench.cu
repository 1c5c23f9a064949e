// Benchmarks of chapter 02: `t2t bench 02`.

#include <array>
#include <cstdint>
#include <vector>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::memory_access {
namespace {

// x → y, both of the same size; AoS to SoA reads x as bodies and y as four arrays.
struct MoveOperands {
    std::vector<float> x;  // what the device's copy holds
    DeviceBuffer<float> x_device, y_device;

    MoveOperands(std::int64_t count, std::uint64_t seed)
        : x(lab::uniform(count, -1, 1, seed)), x_device(x), y_device(x.size()) {}
};

lab::LadderCase<Copy, MoveOperands> copy_case(std::int64_t n) {
    lab::LadderCase<Copy, MoveOperands> c;
    c.shape = lab::shape_label({n});
    c.work = Copy{.n = n}.work();
    c.make = [=](std::uint64_t seed) { return MoveOperands(n, seed); };
    c.op = [=](MoveOperands& o) { return Copy{o.x_device.data(), o.y_device.data(), n}; };
    c.output = [](MoveOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const MoveOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) { return o.x[i]; });
    };
    c.library_name = "cudaMemcpyAsync";
    c.library = [](MoveOperands& o, cudaStream_t stream) {
        T2T_CHECK(cudaMemcpyAsync(o.y_device.data(), o.x_device.data(), o.x_device.bytes(),
                                  cudaMemcpyDeviceToDevice, stream));
    };
    return c;
}

lab::LadderCase<AosToSoa, MoveOperands> aos_to_soa_case(std::int64_t n) {
    lab::LadderCase<AosToSoa, MoveOperands> c;
    c.shape = lab::shape_label({n});
    c.work = AosToSoa{.n = n}.work();
    c.make = [=](std::uint64_t seed) { return MoveOperands(4 * n, seed); };
    c.op = [=](MoveOperands& o) {
        float* to = o.y_device.data();
        return AosToSoa{reinterpret_cast<const Body*>(o.x_device.data()),
                        {to, to + n, to + 2 * n, to + 3 * n},
                        n};
    };
    c.output = [](MoveOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [=](const MoveOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) {
            const auto count = static_cast<std::size_t>(n);
            return o.x[i % count * 4 + i / count];
        });
    };
    return c;
}

template <typename Element>
struct GatherOperands {
    std::vector<Element> table;     // [rows, width]
    std::vector<std::int32_t> ids;  // [count]
    DeviceBuffer<Element> table_device;
    DeviceBuffer<float> out_device;
    DeviceBuffer<std::int32_t> ids_device;

    GatherOperands(std::int64_t rows, std::int64_t width, std::int64_t count, std::uint64_t seed)
        : table(lab::uniform<Element>(rows * width, -1, 1, 2 * seed)),
          ids(lab::integers<std::int32_t>(count, 0, rows - 1, 2 * seed + 1)),
          table_device(table),
          out_device(static_cast<std::size_t>(count * width)),
          ids_device(ids) {}
};

template <typename Element>
lab::LadderCase<GatherRows<Element>, GatherOperands<Element>> gather_case(std::int64_t rows,
                                                                          std::int64_t width,
                                                                          std::int64_t count) {
    using Operands = GatherOperands<Element>;
    lab::LadderCase<GatherRows<Element>, Operands> c;
    c.shape = lab::shape_label({rows, width}) + ", " + lab::shape_label({count}) + " ids";
    if (sizeof(Element) == 2) c.shape += ", bf16";
    c.work = GatherRows<Element>{.rows = rows, .width = width, .count = count}.work();
    c.make = [=](std::uint64_t seed) { return Operands(rows, width, count, seed); };
    c.op = [=](Operands& o) {
        return GatherRows<Element>{
            o.table_device.data(), o.ids_device.data(), o.out_device.data(), rows, width, count};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.out_device); };
    c.fault = [=](const Operands& o) {
        return lab::first_fault(o.out_device, [&](std::size_t i) {
            const auto columns = static_cast<std::size_t>(width);
            return static_cast<float>(
                o.table[static_cast<std::size_t>(o.ids[i / columns]) * columns + i % columns]);
        });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Sizes = std::vector<std::int64_t>;
    for (const std::int64_t n : lab::by_device(Sizes{1 << 28}, Sizes{1 << 20})) {
        bench.add(copy_ladder, copy_case(n));
    }
    for (const std::int64_t n : lab::by_device(Sizes{1 << 26}, Sizes{1 << 18})) {
        bench.add(aos_to_soa_ladder, aos_to_soa_case(n));
    }
    using Shapes = std::vector<std::array<std::int64_t, 3>>;      // rows, width, count
    const Shapes gpu{{50'257, 768, 8192}, {32'000, 4096, 8192}};  // GPT-2's table, Mistral's table
    const Shapes cpu{{4096, 768, 512}};
    for (const auto& [rows, width, count] : lab::by_device(gpu, cpu)) {
        bench.add(gather_rows_ladder<float>, gather_case<float>(rows, width, count));
    }
    const auto [rows, width, count] = lab::by_device(gpu, cpu).back();
    bench.add(gather_rows_ladder<__nv_bfloat16>, gather_case<__nv_bfloat16>(rows, width, count));
}

const lab::BenchChapter registration{2, describe};

}  // namespace
}  // namespace t2t::memory_access
