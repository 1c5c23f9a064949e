// Benchmarks of chapter 18: `t2t bench 18`.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::sampling {
namespace {

struct TemperatureOperands {
    std::vector<float> logits;        // [rows, vocabulary], what the device's copy holds
    std::vector<float> temperatures;  // [rows]
    DeviceBuffer<float> logits_device, temperatures_device, y_device;

    TemperatureOperands(const TokensShape& shape, std::uint64_t seed)
        : logits(lab::uniform(shape.rows * shape.vocabulary, -20, 20, 2 * seed)),
          temperatures(lab::uniform(shape.rows, 0.5, 1.5, 2 * seed + 1)),
          logits_device(logits),
          temperatures_device(temperatures),
          y_device(logits.size()) {}
};

lab::LadderCase<Temperature, TemperatureOperands> temperature_case(const TokensShape& shape) {
    lab::LadderCase<Temperature, TemperatureOperands> c;
    c.shape = lab::shape_label({shape.rows, shape.vocabulary});
    c.bytes = 8.0 * shape.rows * shape.vocabulary + 4.0 * shape.rows;
    c.flops = 1.0 * shape.rows * shape.vocabulary;
    c.make = [=](std::uint64_t seed) { return TemperatureOperands(shape, seed); };
    c.run = [=](Temperature* rung, TemperatureOperands& o, cudaStream_t stream) {
        rung(o.logits_device.data(), o.temperatures_device.data(), o.y_device.data(), shape,
             stream);
    };
    c.output = [](TemperatureOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [=](const TemperatureOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) {
            const std::size_t row = i / static_cast<std::size_t>(shape.vocabulary);
            return static_cast<float>(double{o.logits[i]} / o.temperatures[row]);
        });
    };
    return c;
}

struct SortOperands {
    std::vector<std::int32_t> expected;  // [2, rows, vocabulary]: the tokens, the values as bits
    DeviceBuffer<float> values_device;
    DeviceBuffer<std::int32_t> both_device;  // likewise, in one piece that can be poisoned

    SortOperands(const TokensShape& shape, std::uint64_t seed)
        : expected(static_cast<std::size_t>(2 * shape.rows * shape.vocabulary)),
          both_device(expected.size()) {
        const auto values = lab::uniform(shape.rows * shape.vocabulary, -20, 20, seed);
        values_device = DeviceBuffer<float>(values);
        for (std::int64_t row = 0; row < shape.rows; ++row) {
            const auto tokens = expected.begin() + row * shape.vocabulary;
            const auto value = values.begin() + row * shape.vocabulary;
            std::iota(tokens, tokens + shape.vocabulary, 0);
            std::stable_sort(tokens, tokens + shape.vocabulary,
                             [&](std::int32_t a, std::int32_t b) { return value[a] > value[b]; });
            std::transform(tokens, tokens + shape.vocabulary,
                           tokens + shape.rows * shape.vocabulary,
                           [&](std::int32_t t) { return std::bit_cast<std::int32_t>(value[t]); });
        }
    }
};

lab::LadderCase<SortTokens, SortOperands> sort_case(const TokensShape& shape) {
    lab::LadderCase<SortTokens, SortOperands> c;
    c.shape = lab::shape_label({shape.rows, shape.vocabulary});
    c.bytes = 12.0 * shape.rows * shape.vocabulary;  // values in, values and tokens out
    c.make = [=](std::uint64_t seed) { return SortOperands(shape, seed); };
    c.run = [=](SortTokens* rung, SortOperands& o, cudaStream_t stream) {
        std::int32_t* tokens = o.both_device.data();
        auto* sorted = reinterpret_cast<float*>(tokens + shape.rows * shape.vocabulary);
        rung(o.values_device.data(), sorted, tokens, shape, stream);
    };
    c.output = [](SortOperands& o) { return lab::bytes_of(o.both_device); };
    c.fault = [](const SortOperands& o) {
        return lab::first_fault(o.both_device, [&](std::size_t i) { return o.expected[i]; });
    };
    return c;
}

struct DrawOperands {
    std::vector<std::int32_t> expected;  // [rows], tokens
    DeviceBuffer<float> cumulative_device;
    DeviceBuffer<std::int32_t> tokens_device, drawn_device;
    DeviceBuffer<DrawRule> rules_device;

    // All tokens are equally probable, the worst case for a walk: sums of i / vocabulary. With
    // top_p = 1 all are kept, and a random number of 0.5 points at the middle.
    DrawOperands(const TokensShape& shape, std::uint64_t seed)
        : drawn_device(static_cast<std::size_t>(shape.rows)) {
        const auto tokens = lab::integers<std::int32_t>(shape.rows * shape.vocabulary, 0,
                                                        shape.vocabulary - 1, seed);
        std::vector<float> cumulative;
        for (std::int64_t row = 0; row < shape.rows; ++row) {
            for (std::int64_t i = 1; i <= shape.vocabulary; ++i) {
                cumulative.push_back(static_cast<float>(static_cast<double>(i) /
                                                        static_cast<double>(shape.vocabulary)));
            }
            const auto first = cumulative.end() - shape.vocabulary;
            const auto at = std::upper_bound(first, cumulative.end(), 0.5F) - cumulative.begin();
            expected.push_back(tokens[static_cast<std::size_t>(at)]);
        }
        cumulative_device = DeviceBuffer<float>(cumulative);
        tokens_device = DeviceBuffer<std::int32_t>(tokens);
        rules_device = DeviceBuffer<DrawRule>(std::vector<DrawRule>(
            static_cast<std::size_t>(shape.rows), {.uniform = 0.5F, .top_p = 1, .top_k = 0}));
    }
};

lab::LadderCase<Draw, DrawOperands> draw_case(const TokensShape& shape) {
    lab::LadderCase<Draw, DrawOperands> c;
    c.shape = lab::shape_label({shape.rows, shape.vocabulary});
    c.bytes = 4.0 * shape.rows * shape.vocabulary;  // the sums, once
    c.make = [=](std::uint64_t seed) { return DrawOperands(shape, seed); };
    c.run = [=](Draw* rung, DrawOperands& o, cudaStream_t stream) {
        rung(o.cumulative_device.data(), o.tokens_device.data(), o.rules_device.data(),
             o.drawn_device.data(), shape, stream);
    };
    c.output = [](DrawOperands& o) { return lab::bytes_of(o.drawn_device); };
    c.fault = [](const DrawOperands& o) {
        return lab::first_fault(o.drawn_device, [&](std::size_t row) { return o.expected[row]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Shapes = std::vector<TokensShape>;
    const Shapes gpu{{64, 128'256}, {1, 128'256}};  // a batch of Llama-3's logits, and one row
    const Shapes cpu{{1, 4096}};
    for (const TokensShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(temperature_ladder, temperature_case(shape));
    }
    for (const TokensShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(sort_ladder, sort_case(shape));
    }
    for (const TokensShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(draw_ladder, draw_case(shape));
    }
}

const lab::BenchChapter registration{18, describe};

}  // namespace
}  // namespace t2t::sampling
