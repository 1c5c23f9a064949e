// Benchmarks of chapter 04: `t2t bench 04`.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "chapters/04_reduction/reduction.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::reduction {
namespace {

// Whole numbers, so that every sum below 2²⁴ is exact in whatever order it was made.
std::vector<float> whole_numbers(const RowsShape& shape, std::uint64_t seed) {
    return lab::integers(shape.rows * shape.columns, -8, 8, seed);
}

struct ArgmaxOperands {
    std::vector<float> x;  // [rows, columns], what the device's copy holds
    DeviceBuffer<float> x_device;
    DeviceBuffer<std::int32_t> index_device;

    ArgmaxOperands(const RowsShape& shape, std::uint64_t seed)
        : x(lab::uniform(shape.rows * shape.columns, -20, 20, seed)),
          x_device(x),
          index_device(static_cast<std::size_t>(shape.rows)) {}
};

lab::LadderCase<Argmax, ArgmaxOperands> argmax_case(const RowsShape& shape) {
    lab::LadderCase<Argmax, ArgmaxOperands> c;
    c.shape = lab::shape_label({shape.rows, shape.columns});
    c.bytes = 4.0 * shape.rows * shape.columns + 4.0 * shape.rows;
    c.make = [=](std::uint64_t seed) { return ArgmaxOperands(shape, seed); };
    c.run = [=](Argmax* rung, ArgmaxOperands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.index_device.data(), shape, stream);
    };
    c.output = [](ArgmaxOperands& o) { return lab::bytes_of(o.index_device); };
    c.fault = [=](const ArgmaxOperands& o) {
        return lab::first_fault(o.index_device, [&](std::size_t row) {
            const auto begin = o.x.begin() + static_cast<std::ptrdiff_t>(row) * shape.columns;
            return static_cast<double>(std::max_element(begin, begin + shape.columns) - begin);
        });
    };
    return c;
}

struct ScanOperands {
    std::vector<double> sums;  // [rows, columns], what the device must find
    DeviceBuffer<float> x_device, y_device;

    ScanOperands(const RowsShape& shape, std::uint64_t seed) {
        const std::vector<float> x = whole_numbers(shape, seed);
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const bool row_begins = i % static_cast<std::size_t>(shape.columns) == 0;
            sum = (row_begins ? 0 : sum) + x[i];
            sums.push_back(sum);
        }
        x_device = DeviceBuffer<float>(x);
        y_device = DeviceBuffer<float>(x.size());
    }
};

lab::LadderCase<Scan, ScanOperands> scan_case(const RowsShape& shape) {
    lab::LadderCase<Scan, ScanOperands> c;
    c.shape = lab::shape_label({shape.rows, shape.columns});
    c.bytes = 8.0 * shape.rows * shape.columns;  // read once, written once
    c.flops = 1.0 * shape.rows * shape.columns;
    c.make = [=](std::uint64_t seed) { return ScanOperands(shape, seed); };
    c.run = [=](Scan* rung, ScanOperands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.y_device.data(), shape, stream);
    };
    c.output = [](ScanOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const ScanOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) { return o.sums[i]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Shapes = std::vector<RowsShape>;
    const Shapes gpu{{256, 128'256}, {1, 128'256}};  // a batch of Llama-3's logits, and one row
    const Shapes cpu{{4, 4096}};
    for (const RowsShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(argmax_ladder, argmax_case(shape));
    }
    for (const RowsShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(scan_ladder, scan_case(shape));
    }
}

const lab::BenchChapter registration{4, describe};

}  // namespace
}  // namespace t2t::reduction
