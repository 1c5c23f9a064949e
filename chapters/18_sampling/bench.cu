// Benchmarks of chapter 18: `t2t bench 18`.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/sampling.hpp"

namespace t2t::sampling {
namespace {

struct TableSizes {
    std::int64_t rows, vocabulary;
};

struct TemperatureOperands {
    std::vector<float> logits;   // [rows, vocabulary], what the device's copy holds
    std::vector<RowRule> rules;  // [rows]
    DeviceBuffer<float> logits_device, y_device;
    DeviceBuffer<RowRule> rules_device;

    TemperatureOperands(const TableSizes& sizes, std::uint64_t seed)
        : logits(lab::uniform(sizes.rows * sizes.vocabulary, -20, 20, 2 * seed)),
          logits_device(logits),
          y_device(logits.size()) {
        for (const float temperature : lab::uniform(sizes.rows, 0.5, 1.5, 2 * seed + 1)) {
            rules.push_back({.temperature = temperature, .top_p = 1, .top_k = 0, .uniform = 0.5F});
        }
        rules_device = DeviceBuffer<RowRule>(rules);
    }
};

lab::LadderCase<Temperature, TemperatureOperands> temperature_case(const TableSizes& sizes) {
    lab::LadderCase<Temperature, TemperatureOperands> c;
    c.shape = lab::shape_label({sizes.rows, sizes.vocabulary});
    c.work = Temperature{.rows = sizes.rows, .vocabulary = sizes.vocabulary}.work();
    c.make = [=](std::uint64_t seed) { return TemperatureOperands(sizes, seed); };
    c.op = [=](TemperatureOperands& o) {
        return Temperature{o.logits_device.data(), o.rules_device.data(), o.y_device.data(),
                           sizes.rows, sizes.vocabulary};
    };
    c.output = [](TemperatureOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = [=](const TemperatureOperands& o) {
        return lab::first_fault(o.y_device, [&](std::size_t i) {
            const std::size_t row = i / static_cast<std::size_t>(sizes.vocabulary);
            return static_cast<float>(double{o.logits[i]} / o.rules[row].temperature);
        });
    };
    return c;
}

struct SortOperands {
    std::vector<std::int32_t> expected;  // [2, rows, vocabulary]: the tokens, the values as bits
    DeviceBuffer<float> values_device;
    DeviceBuffer<std::int32_t> both_device;  // likewise, in one piece that can be poisoned

    SortOperands(const TableSizes& sizes, std::uint64_t seed)
        : expected(static_cast<std::size_t>(2 * sizes.rows * sizes.vocabulary)),
          both_device(expected.size()) {
        const auto values = lab::uniform(sizes.rows * sizes.vocabulary, -20, 20, seed);
        values_device = DeviceBuffer<float>(values);
        for (std::int64_t row = 0; row < sizes.rows; ++row) {
            const auto tokens = expected.begin() + row * sizes.vocabulary;
            const auto value = values.begin() + row * sizes.vocabulary;
            std::iota(tokens, tokens + sizes.vocabulary, 0);
            std::stable_sort(tokens, tokens + sizes.vocabulary,
                             [&](std::int32_t a, std::int32_t b) { return value[a] > value[b]; });
            std::transform(tokens, tokens + sizes.vocabulary,
                           tokens + sizes.rows * sizes.vocabulary,
                           [&](std::int32_t t) { return std::bit_cast<std::int32_t>(value[t]); });
        }
    }
};

lab::LadderCase<SortTokens, SortOperands> sort_case(const TableSizes& sizes) {
    lab::LadderCase<SortTokens, SortOperands> c;
    c.shape = lab::shape_label({sizes.rows, sizes.vocabulary});
    c.work = SortTokens{.rows = sizes.rows, .vocabulary = sizes.vocabulary}.work();
    c.make = [=](std::uint64_t seed) { return SortOperands(sizes, seed); };
    c.op = [=](SortOperands& o) {
        std::int32_t* tokens = o.both_device.data();
        auto* sorted = reinterpret_cast<float*>(tokens + sizes.rows * sizes.vocabulary);
        return SortTokens{o.values_device.data(), sorted, tokens, sizes.rows, sizes.vocabulary};
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
    DeviceBuffer<RowRule> rules_device;

    // All tokens are equally probable, the worst case for a walk: sums of i / vocabulary. With
    // top_p = 1 all are kept, and a random number of 0.5 points at the middle.
    DrawOperands(const TableSizes& sizes, std::uint64_t seed)
        : drawn_device(static_cast<std::size_t>(sizes.rows)) {
        const auto tokens = lab::integers<std::int32_t>(sizes.rows * sizes.vocabulary, 0,
                                                        sizes.vocabulary - 1, seed);
        std::vector<float> cumulative;
        for (std::int64_t row = 0; row < sizes.rows; ++row) {
            for (std::int64_t i = 1; i <= sizes.vocabulary; ++i) {
                cumulative.push_back(static_cast<float>(static_cast<double>(i) /
                                                        static_cast<double>(sizes.vocabulary)));
            }
            const auto first = cumulative.end() - sizes.vocabulary;
            const auto at = std::upper_bound(first, cumulative.end(), 0.5F) - cumulative.begin();
            expected.push_back(tokens[static_cast<std::size_t>(at)]);
        }
        cumulative_device = DeviceBuffer<float>(cumulative);
        tokens_device = DeviceBuffer<std::int32_t>(tokens);
        rules_device = DeviceBuffer<RowRule>(
            std::vector<RowRule>(static_cast<std::size_t>(sizes.rows),
                                 {.temperature = 1, .top_p = 1, .top_k = 0, .uniform = 0.5F}));
    }
};

lab::LadderCase<Draw, DrawOperands> draw_case(const TableSizes& sizes) {
    lab::LadderCase<Draw, DrawOperands> c;
    c.shape = lab::shape_label({sizes.rows, sizes.vocabulary});
    c.work = Draw{.rows = sizes.rows, .vocabulary = sizes.vocabulary}.work();
    c.make = [=](std::uint64_t seed) { return DrawOperands(sizes, seed); };
    c.op = [=](DrawOperands& o) {
        return Draw{o.cumulative_device.data(),
                    o.tokens_device.data(),
                    o.rules_device.data(),
                    o.drawn_device.data(),
                    sizes.rows,
                    sizes.vocabulary};
    };
    c.output = [](DrawOperands& o) { return lab::bytes_of(o.drawn_device); };
    c.fault = [](const DrawOperands& o) {
        return lab::first_fault(o.drawn_device, [&](std::size_t row) { return o.expected[row]; });
    };
    return c;
}

enum class Rules { greedy, drawn };

struct SampleOperands {
    std::vector<std::int32_t> expected;  // [rows], tokens
    DeviceBuffer<float> logits_device;
    DeviceBuffer<RowRule> rules_device;
    DeviceBuffer<std::int32_t> ids_device;

    // Rows in which the likeliest tokens have some percent each, as a model's have. The random number of a
    // row points at the middle of the share of one of them.
    SampleOperands(const TableSizes& sizes, Rules kind, std::uint64_t seed)
        : ids_device(static_cast<std::size_t>(sizes.rows)) {
        const auto logits = lab::normal(sizes.rows * sizes.vocabulary, 0, 4, 2 * seed);
        lab::Random random(2 * seed + 1);
        std::vector<RowRule> rules;
        for (std::int64_t row = 0; row < sizes.rows; ++row) {
            RowRule rule{.temperature = 0, .top_p = 0.95F, .top_k = 0, .uniform = 0.5F};
            std::size_t place = 0;
            if (kind == Rules::drawn) rule.temperature = 0.8F;
            const auto tokens = lab::reference::distribution(
                std::span(logits).subspan(static_cast<std::size_t>(row * sizes.vocabulary),
                                          static_cast<std::size_t>(sizes.vocabulary)),
                kind == Rules::drawn ? rule.temperature : 1);
            if (kind == Rules::drawn) {
                std::size_t likely = 1;  // tokens with a share that rounding cannot miss
                while (tokens.probability(likely) > 1e-3) ++likely;
                std::size_t kept = 1;
                while (tokens.cumulative[kept - 1] < rule.top_p) ++kept;
                place = static_cast<std::size_t>(
                    random.integer(0, static_cast<std::int64_t>(std::min(likely, kept)) - 1));
                rule.uniform = tokens.uniform(place, kept);
            }
            rules.push_back(rule);
            expected.push_back(tokens.tokens[place]);
        }
        logits_device = DeviceBuffer<float>(logits);
        rules_device = DeviceBuffer<RowRule>(rules);
    }
};

lab::LadderCase<Sample, SampleOperands> sample_case(const TableSizes& sizes, Rules kind) {
    const bool all_greedy = kind == Rules::greedy;
    lab::LadderCase<Sample, SampleOperands> c;
    c.shape =
        lab::shape_label({sizes.rows, sizes.vocabulary}) + (all_greedy ? ", greedy" : ", drawn");
    c.work =
        Sample{.rows = sizes.rows, .vocabulary = sizes.vocabulary, .all_greedy = all_greedy}.work();
    c.make = [=](std::uint64_t seed) { return SampleOperands(sizes, kind, seed); };
    c.op = [=](SampleOperands& o) {
        return Sample{o.logits_device.data(), o.rules_device.data(),
                      o.ids_device.data(),    sizes.rows,
                      sizes.vocabulary,       all_greedy};
    };
    c.output = [](SampleOperands& o) { return lab::bytes_of(o.ids_device); };
    c.fault = [](const SampleOperands& o) {
        return lab::first_fault(o.ids_device, [&](std::size_t row) { return o.expected[row]; });
    };
    return c;
}

void describe(lab::Bench& bench) {
    using Shapes = std::vector<TableSizes>;
    const Shapes gpu{{64, 128'256}, {1, 128'256}};  // a batch of Llama-3's logits, and one row
    const Shapes cpu{{1, 4096}};
    for (const TableSizes& sizes : lab::by_device(gpu, cpu)) {
        bench.add(temperature_ladder, temperature_case(sizes));
    }
    for (const TableSizes& sizes : lab::by_device(gpu, cpu)) {
        bench.add(sort_ladder, sort_case(sizes));
    }
    for (const TableSizes& sizes : lab::by_device(gpu, cpu)) {
        bench.add(draw_ladder, draw_case(sizes));
    }
    for (const TableSizes& sizes : lab::by_device(Shapes{{1, 128'256}, {32, 128'256}}, cpu)) {
        bench.add(sample_ladder, sample_case(sizes, Rules::greedy));
        bench.add(sample_ladder, sample_case(sizes, Rules::drawn));
    }
}

const lab::BenchChapter registration{18, describe};

}  // namespace
}  // namespace t2t::sampling
