// Benchmarks of chapter 01: `t2t bench 01`.

#include <cstdint>
#include <vector>

#include "chapters/01_vector_add/vector_add.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::vector_add {
namespace {

struct Operands {
    std::vector<float> a, b;  // [n], what the device's copies hold
    DeviceBuffer<float> a_device, b_device, c_device;

    Operands(std::int64_t n, std::uint64_t seed)
        : a(lab::uniform(n, -1, 1, 2 * seed)),
          b(lab::uniform(n, -1, 1, 2 * seed + 1)),
          a_device(a),
          b_device(b),
          c_device(a.size()) {}
};

lab::LadderCase<VectorAdd, Operands> add_case(std::int64_t n) {
    lab::LadderCase<VectorAdd, Operands> c;
    c.shape = lab::shape_label({n});
    c.work = VectorAdd{.n = n}.work();
    c.make = [=](std::uint64_t seed) { return Operands(n, seed); };
    c.op = [=](Operands& o) {
        return VectorAdd{o.a_device.data(), o.b_device.data(), o.c_device.data(), n};
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.c_device); };
    c.fault = [](const Operands& o) {
        return lab::first_fault(o.c_device, [&](std::size_t i) {
            return static_cast<float>(double{o.a[i]} + o.b[i]);  // rounded to float once
        });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Sizes = std::vector<std::int64_t>;
    for (const std::int64_t n : lab::by_device(Sizes{1 << 28, 1 << 20}, Sizes{1 << 20})) {
        bench.add(ladder, add_case(n));
    }
}

const lab::BenchChapter registration{1, describe};

}  // namespace
}  // namespace t2t::vector_add
