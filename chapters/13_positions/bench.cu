// Benchmarks of chapter 13: `t2t bench 13`.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chapters/13_positions/positions.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/positions.hpp"

namespace t2t::positions {
namespace {

using Ids = std::vector<std::int32_t>;

// x starts as 0, and each run adds the same rows once more. They hold whole numbers, so that x is
// exactly (number of runs) · row.
struct LearnedOperands {
    std::vector<float> table;  // [rows, width]
    Ids positions;             // [tokens]
    DeviceBuffer<float> x_device, table_device;
    DeviceBuffer<std::int32_t> positions_device;
    DeviceBuffer<float> poisoned{1};  // what the harness fills with NaN; x must keep its sums

    LearnedOperands(const LearnedShape& shape, std::uint64_t seed)
        : table(lab::integers(shape.rows * shape.width, 1, 3, 2 * seed)),
          positions(lab::integers<std::int32_t>(shape.tokens, 0, shape.rows - 1, 2 * seed + 1)),
          x_device(std::vector<float>(static_cast<std::size_t>(shape.tokens * shape.width), 0)),
          table_device(table),
          positions_device(positions) {}
};

lab::LadderCase<LearnedPositions, LearnedOperands> learned_case(const LearnedShape& shape) {
    const auto width = static_cast<std::size_t>(shape.width);
    lab::LadderCase<LearnedPositions, LearnedOperands> c;
    c.shape = lab::shape_label({shape.tokens, shape.width}) + ", " +
              lab::shape_label({shape.rows}) + " rows";
    // x is read and written, the table read once, and a position for each token.
    c.bytes =
        8.0 * shape.tokens * shape.width + 4.0 * shape.rows * shape.width + 4.0 * shape.tokens;
    c.flops = 1.0 * shape.tokens * shape.width;
    c.make = [=](std::uint64_t seed) { return LearnedOperands(shape, seed); };
    c.run = [=](LearnedPositions* rung, LearnedOperands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.table_device.data(), o.positions_device.data(), shape, stream);
    };
    c.output = [](LearnedOperands& o) { return lab::bytes_of(o.poisoned); };
    c.fault = [=](const LearnedOperands& o) {
        const auto row_value = [&](std::size_t i) {
            return o.table[static_cast<std::size_t>(o.positions[i / width]) * width + i % width];
        };
        const float runs = o.x_device.download()[0] / row_value(0);
        if (!(runs >= 1)) return std::string("x is unchanged: the rung has added nothing");
        return lab::first_fault(o.x_device, [&](std::size_t i) { return runs * row_value(i); });
    };
    return c;
}

using Element = __nv_bfloat16;

struct RopeOperands {
    std::vector<float> qkv;          // [tokens, (heads + 2 · kv_heads) · head_dim]
    std::vector<float> frequencies;  // [head_dim / 2]
    Ids positions;                   // [tokens]: a prompt, 0, 1, 2 …
    DeviceBuffer<float> qkv_device, frequencies_device;
    DeviceBuffer<std::int32_t> positions_device;
    DeviceBuffer<Element> out;  // queries, then keys, then values

    RopeOperands(const HeadsShape& shape, std::uint64_t seed)
        : qkv(lab::uniform(shape.tokens * (shape.heads + 2 * shape.kv_heads) * shape.head_dim, -1,
                           1, seed)) {
        for (std::int64_t i = 0; i < shape.head_dim / 2; ++i) {
            const double exponent =
                -2.0 * static_cast<double>(i) / static_cast<double>(shape.head_dim);
            frequencies.push_back(static_cast<float>(std::pow(10'000.0, exponent)));
        }
        for (std::int64_t t = 0; t < shape.tokens; ++t) {
            positions.push_back(static_cast<std::int32_t>(t));
        }
        qkv_device = DeviceBuffer<float>(qkv);
        frequencies_device = DeviceBuffer<float>(frequencies);
        positions_device = DeviceBuffer<std::int32_t>(positions);
        out = DeviceBuffer<Element>(qkv.size());
    }
};

lab::LadderCase<Rope<Element>, RopeOperands> rope_case(const HeadsShape& shape) {
    const std::int64_t queries = shape.tokens * shape.heads * shape.head_dim;
    const std::int64_t keys = shape.tokens * shape.kv_heads * shape.head_dim;
    lab::LadderCase<Rope<Element>, RopeOperands> c;
    c.shape = lab::shape_label({shape.tokens}) + " tokens, " + std::to_string(shape.heads) + " / " +
              std::to_string(shape.kv_heads) + " heads of " + std::to_string(shape.head_dim) +
              ", fp32 to bf16";
    // 4 bytes in and 2 out for each element; a position for each token.
    c.bytes = 6.0 * (queries + 2 * keys) + 4.0 * shape.tokens + 2.0 * shape.head_dim;
    c.flops = 3.0 * (queries + keys);  // four products and two sums a pair; sines are not counted
    c.make = [=](std::uint64_t seed) { return RopeOperands(shape, seed); };
    c.run = [=](Rope<Element>* rung, RopeOperands& o, cudaStream_t stream) {
        Element* q = o.out.data();
        rung(o.qkv_device.data(), o.positions_device.data(), o.frequencies_device.data(), q,
             q + queries, q + queries + keys, shape, stream);
    };
    c.output = [](RopeOperands& o) { return lab::bytes_of(o.out); };
    c.fault = [=](const RopeOperands& o) {
        auto expected = lab::reference::rope(o.qkv, o.positions, o.frequencies, shape.heads,
                                             shape.kv_heads, shape.head_dim);
        auto& all = expected.q;
        all.insert(all.end(), expected.k.begin(), expected.k.end());
        all.insert(all.end(), expected.v.begin(), expected.v.end());
        // Up to √2: rounded to bf16 within 2⁻⁸, and fp32's errors are a thousandth of that.
        return lab::first_fault(
            o.out, [&](std::size_t i) { return all[i]; }, 1.01 * 0x1p-8);
    };
    return c;
}

void describe(lab::Bench& bench) {
    // GPT-2's table and width, for a batch of eight contexts.
    bench.add(learned_ladder, learned_case(lab::by_device(LearnedShape{8192, 768, 1024},
                                                          LearnedShape{256, 768, 1024})));
    // A Llama layer's prompt, and one decode step of 16 sequences.
    using Shapes = std::vector<HeadsShape>;
    const Shapes gpu{{4096, 32, 8, 128}, {16, 32, 8, 128}};
    const Shapes cpu{{128, 32, 8, 128}};
    for (const HeadsShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(rope_ladder<Element>, rope_case(shape));
    }
}

const lab::BenchChapter registration{13, describe};

}  // namespace
}  // namespace t2t::positions
