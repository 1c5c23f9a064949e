// Benchmarks of chapter 08: `t2t bench 08`.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "chapters/08_softmax/softmax.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/extent.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::softmax {
namespace {

struct Operands {
    std::vector<float> x;         // [rows, columns], what the device's copy holds
    std::vector<double> maximum;  // [rows]
    std::vector<double> sum;      // [rows], of exp(x − maximum)
    DeviceBuffer<float> x_device, y_device;

    Operands(std::int64_t rows, std::int64_t columns, std::uint64_t seed)
        : x(lab::uniform(rows * columns, -2, 2, seed)), x_device(x), y_device(x.size()) {
        for (auto row = x.begin(); row != x.end(); row += columns) {
            const double largest = *std::max_element(row, row + columns);
            double total = 0;
            for (auto i = row; i != row + columns; ++i) total += std::exp(*i - largest);
            maximum.push_back(largest);
            sum.push_back(total);
        }
    }
};

lab::LadderCase<Softmax, Operands> softmax_case(std::int64_t rows, std::int64_t columns) {
    lab::LadderCase<Softmax, Operands> c;
    c.shape = lab::shape_label({rows, columns});
    c.work = Softmax{.rows = rows, .columns = columns}.work();
    c.make = [=](std::uint64_t seed) { return Operands(rows, columns, seed); };
    c.op = [=](Operands& o) {
        return Softmax{o.x_device.data(), o.y_device.data(), rows, columns};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [=](const Operands& o) {
        // Elements from −2 to 2: probabilities differ by a factor of 55 at most, so that one
        // absolute tolerance is right for all of them: a thread that adds up a row alone is off by
        // half an ε for each addition, and exp and the division by a part in 10⁶.
        const double share = 1e-6 + static_cast<double>(columns) * 0x1p-24;
        const double largest = 1 / *std::min_element(o.sum.begin(), o.sum.end());
        return lab::first_fault(
            o.y_device,
            [&](std::size_t i) {
                const std::size_t row = i / static_cast<std::size_t>(columns);
                return std::exp(o.x[i] - o.maximum[row]) / o.sum[row];
            },
            share * largest);
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Shapes = std::vector<lab::Extent>;
    const Shapes gpu{{8192, 8192}, {32, 128'256}};  // long rows of attention; a batch of logits
    const Shapes cpu{{64, 1024}};
    for (const auto& [rows, columns] : lab::by_device(gpu, cpu)) {
        bench.add(ladder, softmax_case(rows, columns));
    }
}

const lab::BenchChapter registration{8, describe};

}  // namespace
}  // namespace t2t::softmax
