// Benchmarks of chapter 04: `t2t bench 04`.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "chapters/04_reduction/reduction.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::reduction {
namespace {

// Whole numbers, so that every sum below 2²⁴ is exact in whatever order it was made.
std::vector<float> whole_numbers(lab::Extent extent, std::uint64_t seed) {
    return lab::integers(extent.rows * extent.columns, -8, 8, seed);
}

struct ArgmaxOperands {
    std::vector<float> x;  // [rows, columns], what the device's copy holds
    DeviceBuffer<float> x_device;
    DeviceBuffer<std::int32_t> index_device;

    ArgmaxOperands(lab::Extent extent, std::uint64_t seed)
        : x(lab::uniform(extent.rows * extent.columns, -20, 20, seed)),
          x_device(x),
          index_device(static_cast<std::size_t>(extent.rows)) {}
};

lab::LadderCase<Argmax, ArgmaxOperands> argmax_case(lab::Extent extent) {
    lab::LadderCase<Argmax, ArgmaxOperands> c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    c.work = Argmax{.rows = extent.rows, .columns = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return ArgmaxOperands(extent, seed); };
    c.op = [=](ArgmaxOperands& o) {
        return Argmax{o.x_device.data(), o.index_device.data(), extent.rows, extent.columns};
    };
    c.output = [](ArgmaxOperands& o) { return lab::bytes_of(o.index_device); };
    c.fault = [=](const ArgmaxOperands& o) {
        return lab::first_fault(o.index_device, [&](std::size_t row) {
            const auto begin = o.x.begin() + static_cast<std::ptrdiff_t>(row) * extent.columns;
            return static_cast<double>(std::max_element(begin, begin + extent.columns) - begin);
        });
    };
    return c;
}

struct ScanOperands {
    std::vector<double> sums;  // [rows, columns], what the device must find
    DeviceBuffer<float> x_device, y_device;

    ScanOperands(lab::Extent extent, std::uint64_t seed) {
        const std::vector<float> x = whole_numbers(extent, seed);
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const bool row_begins = i % static_cast<std::size_t>(extent.columns) == 0;
            sum = (row_begins ? 0 : sum) + x[i];
            sums.push_back(sum);
        }
        x_device = DeviceBuffer<float>(x);
        y_device = DeviceBuffer<float>(x.size());
    }
};

lab::LadderCase<Scan, ScanOperands> scan_case(lab::Extent extent) {
    lab::LadderCase<Scan, ScanOperands> c;
    c.shape = lab::shape_label({extent.rows, extent.columns});
    c.work = Scan{.rows = extent.rows, .columns = extent.columns}.work();
    c.make = [=](std::uint64_t seed) { return ScanOperands(extent, seed); };
    c.op = [=](ScanOperands& o) {
        return Scan{o.x_device.data(), o.y_device.data(), extent.rows, extent.columns};
    };
    c.output = [](ScanOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [](const ScanOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) { return o.sums[i]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Extents = std::vector<lab::Extent>;
    const Extents gpu{{256, 128'256}, {1, 128'256}};  // a batch of Llama-3's logits, and one row
    const Extents cpu{{4, 4096}};
    for (const lab::Extent extent : lab::by_device(gpu, cpu)) {
        bench.add(argmax_ladder, argmax_case(extent));
    }
    for (const lab::Extent extent : lab::by_device(gpu, cpu)) {
        bench.add(scan_ladder, scan_case(extent));
    }
}

const lab::BenchChapter registration{4, describe};

}  // namespace
}  // namespace t2t::reduction
