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

// Sizes of learned positions: tokens, the model's width, rows of the table.
struct LearnedSizes {
    std::int64_t tokens, width, rows;
};

// x starts as 0, and each run adds the same rows once more. They hold whole numbers, so that x is
// exactly (number of runs) · row.
struct LearnedOperands {
    std::vector<float> table;  // [rows, width]
    Ids positions;             // [tokens]
    DeviceBuffer<float> x_device, table_device;
    DeviceBuffer<std::int32_t> positions_device;
    DeviceBuffer<float> poisoned{1};  // what the harness fills with NaN; x must keep its sums

    LearnedOperands(const LearnedSizes& sizes, std::uint64_t seed)
        : table(lab::integers(sizes.rows * sizes.width, 1, 3, 2 * seed)),
          positions(lab::integers<std::int32_t>(sizes.tokens, 0, sizes.rows - 1, 2 * seed + 1)),
          x_device(std::vector<float>(static_cast<std::size_t>(sizes.tokens * sizes.width), 0)),
          table_device(table),
          positions_device(positions) {}
};

lab::LadderCase<LearnedPositions, LearnedOperands> learned_case(const LearnedSizes& sizes) {
    const auto [tokens, width, rows] = sizes;
    lab::LadderCase<LearnedPositions, LearnedOperands> c;
    c.shape = lab::shape_label({tokens, width}) + ", " + lab::shape_label({rows}) + " rows";
    c.work = LearnedPositions{.tokens = tokens, .width = width, .rows = rows}.work();
    c.make = [=](std::uint64_t seed) { return LearnedOperands(sizes, seed); };
    c.op = [=](LearnedOperands& o) {
        return LearnedPositions{o.x_device.data(), o.table_device.data(), o.positions_device.data(),
                                sizes.tokens,      sizes.width,           sizes.rows};
    };
    c.output = [](LearnedOperands& o) { return lab::bytes_of(o.poisoned); };
    c.fault = [columns = static_cast<std::size_t>(width)](const LearnedOperands& o) {
        const auto row_value = [&](std::size_t i) {
            const auto row = static_cast<std::size_t>(o.positions[i / columns]);
            return o.table[row * columns + i % columns];
        };
        const float runs = o.x_device.download()[0] / row_value(0);
        if (!(runs >= 1)) return std::string("x is unchanged: the rung has added nothing");
        return lab::first_fault(o.x_device, [&](std::size_t i) { return runs * row_value(i); });
    };
    return c;
}

using Element = __nv_bfloat16;

// Sizes of RoPE: tokens, query heads, KV heads, values of a head.
struct HeadsSizes {
    std::int64_t tokens, heads, kv_heads, head_dim;
};

struct RopeOperands {
    std::vector<float> qkv;          // [tokens, (heads + 2 · kv_heads) · head_dim]
    std::vector<float> frequencies;  // [head_dim / 2]
    Ids positions;                   // [tokens]: a prompt, 0, 1, 2 …
    DeviceBuffer<float> qkv_device, frequencies_device;
    DeviceBuffer<std::int32_t> positions_device;
    DeviceBuffer<std::int32_t> zeros_device;  // [tokens]: the one sequence, and its one page
    DeviceBuffer<Element> out;                // queries, then keys, then values

    RopeOperands(const HeadsSizes& sizes, std::uint64_t seed)
        : qkv(lab::uniform(sizes.tokens * (sizes.heads + 2 * sizes.kv_heads) * sizes.head_dim, -1,
                           1, seed)) {
        for (std::int64_t i = 0; i < sizes.head_dim / 2; ++i) {
            const double exponent =
                -2.0 * static_cast<double>(i) / static_cast<double>(sizes.head_dim);
            frequencies.push_back(static_cast<float>(std::pow(10'000.0, exponent)));
        }
        for (std::int64_t t = 0; t < sizes.tokens; ++t) {
            positions.push_back(static_cast<std::int32_t>(t));
        }
        qkv_device = DeviceBuffer<float>(qkv);
        frequencies_device = DeviceBuffer<float>(frequencies);
        positions_device = DeviceBuffer<std::int32_t>(positions);
        zeros_device = DeviceBuffer<std::int32_t>(Ids(positions.size(), 0));
        out = DeviceBuffer<Element>(qkv.size());
    }
};

lab::LadderCase<Rope<Element>, RopeOperands> rope_case(const HeadsSizes& sizes) {
    const std::int64_t queries = sizes.tokens * sizes.heads * sizes.head_dim;
    const std::int64_t keys = sizes.tokens * sizes.kv_heads * sizes.head_dim;
    lab::LadderCase<Rope<Element>, RopeOperands> c;
    c.shape = lab::shape_label({sizes.tokens}) + " tokens, " + std::to_string(sizes.heads) + " / " +
              std::to_string(sizes.kv_heads) + " heads of " + std::to_string(sizes.head_dim) +
              ", fp32 to bf16";
    const float turned = 0;  // that there are frequencies is what counts, not which
    c.work = Rope<Element>{.frequencies = &turned,
                           .tokens = sizes.tokens,
                           .heads = sizes.heads,
                           .kv_heads = sizes.kv_heads,
                           .head_dim = sizes.head_dim}
                 .work();
    c.make = [=](std::uint64_t seed) { return RopeOperands(sizes, seed); };
    c.op = [=](RopeOperands& o) {
        Element* q = o.out.data();
        return Rope<Element>{o.qkv_device.data(),
                             o.positions_device.data(),
                             o.frequencies_device.data(),
                             q,
                             q + queries,
                             q + queries + keys,
                             sizes.tokens,
                             sizes.heads,
                             sizes.kv_heads,
                             sizes.head_dim};
    };
    c.output = [](RopeOperands& o) { return lab::bytes_of(o.out); };
    c.fault = [=](const RopeOperands& o) {
        auto expected = lab::reference::rope(o.qkv, o.positions, o.frequencies, sizes.heads,
                                             sizes.kv_heads, sizes.head_dim);
        auto& all = expected.q;
        all.insert(all.end(), expected.k.begin(), expected.k.end());
        all.insert(all.end(), expected.v.begin(), expected.v.end());
        // Up to √2: rounded to bf16 within 2⁻⁸, and fp32's errors are a thousandth of that.
        return lab::first_fault(
            o.out, [&](std::size_t i) { return all[i]; }, 1.01 * 0x1p-8);
    };
    return c;
}

// As rope_case(), with keys and values in a cache that is one page of as many positions as there are tokens:
// they lie there as RopeOperands expects them.
lab::LadderCase<SplitQkv<Element>, RopeOperands> split_case(const HeadsSizes& sizes) {
    const lab::LadderCase<Rope<Element>, RopeOperands> rope = rope_case(sizes);
    const std::int64_t queries = sizes.tokens * sizes.heads * sizes.head_dim;
    const std::int64_t keys = sizes.tokens * sizes.kv_heads * sizes.head_dim;
    const Batch batch{.tokens = sizes.tokens,
                      .runs = 1,
                      .most_queries = sizes.tokens,
                      .longest = sizes.tokens,
                      .sequences = 1,
                      .pages_per_sequence = 1};
    lab::LadderCase<SplitQkv<Element>, RopeOperands> c;
    c.shape = rope.shape;
    c.work = SplitQkv<Element>{.batch = batch,
                               .heads = sizes.heads,
                               .kv_heads = sizes.kv_heads,
                               .head_dim = sizes.head_dim}
                 .work();
    c.make = rope.make;
    c.op = [=](RopeOperands& o) {
        Element* q = o.out.data();
        SplitQkv<Element> op{.qkv = o.qkv_device.data(),
                             .frequencies = o.frequencies_device.data(),
                             .q = q,
                             .cache = {q + queries, q + queries + keys, 1, sizes.tokens},
                             .batch = batch,
                             .heads = sizes.heads,
                             .kv_heads = sizes.kv_heads,
                             .head_dim = sizes.head_dim};
        op.batch.positions = o.positions_device.data();
        op.batch.owners = o.zeros_device.data();
        op.batch.pages = o.zeros_device.data();
        return op;
    };
    c.output = rope.output;
    c.fault = rope.fault;
    return c;
}

void describe(lab::Bench& bench) {
    // GPT-2's table and width, for a batch of eight contexts.
    bench.add(learned_ladder, learned_case(lab::by_device(LearnedSizes{8192, 768, 1024},
                                                          LearnedSizes{256, 768, 1024})));
    // A Llama layer's prompt, and one decode step of 16 sequences.
    using Shapes = std::vector<HeadsSizes>;
    const Shapes gpu{{4096, 32, 8, 128}, {16, 32, 8, 128}};
    const Shapes cpu{{128, 32, 8, 128}};
    for (const HeadsSizes& sizes : lab::by_device(gpu, cpu)) {
        bench.add(rope_ladder<Element>, rope_case(sizes));
        bench.add(split_qkv_ladder<Element>, split_case(sizes));
    }
}

const lab::BenchChapter registration{13, describe};

}  // namespace
}  // namespace t2t::positions
