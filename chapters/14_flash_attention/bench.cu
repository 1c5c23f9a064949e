// Benchmarks of chapter 14: `t2t bench 14`.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/attention.hpp"

namespace t2t::flash_attention {
namespace {

using Element = __nv_bfloat16;
using Elements = std::vector<Element>;

constexpr std::int64_t head_dim = 128;

std::vector<float> widened(const Elements& values) {
    return {values.begin(), values.end()};
}

// A prompt from its first token on, of one sequence, whose cache is one page.
struct Operands {
    Elements q, keys, values;
    DeviceBuffer<Element> q_device, keys_device, values_device, out_device;
    DeviceBuffer<std::int32_t> positions, owners, pages;

    Operands(std::int64_t queries, const AttentionShape& shape, std::uint64_t seed)
        : q(lab::normal<Element>(queries * shape.heads * head_dim, 0, 2, 3 * seed)),
          keys(lab::uniform<Element>(queries * shape.kv_heads * head_dim, -1, 1, 3 * seed + 1)),
          values(lab::uniform<Element>(queries * shape.kv_heads * head_dim, -1, 1, 3 * seed + 2)),
          q_device(q),
          keys_device(keys),
          values_device(values),
          out_device(q.size()),
          owners(std::vector<std::int32_t>(static_cast<std::size_t>(queries), 0)),
          pages(std::vector<std::int32_t>{0}) {
        std::vector<std::int32_t> places(static_cast<std::size_t>(queries));
        std::iota(places.begin(), places.end(), 0);
        positions = DeviceBuffer<std::int32_t>(places);
    }
};

// All of a long prompt would take the reference minutes: eight of its tokens, the first and the
// last among them, must be right, and every element a number.
std::string fault_of_some(const Operands& o, std::int64_t queries, const AttentionShape& shape) {
    const auto finite = lab::first_fault(
        o.out_device, [](std::size_t) { return 0.0; }, 1.01);
    if (!finite.empty()) return "an output lies outside the values, within ±1: " + finite;
    const auto keys = widened(o.keys);
    const auto values = widened(o.values);
    const auto q = widened(o.q);
    const std::vector<Element> out = o.out_device.download();
    const std::int64_t row = shape.heads * head_dim;
    constexpr std::int64_t tokens = 8;
    for (std::int64_t t = 0; t < tokens; ++t) {
        const std::int64_t i = t * (queries - 1) / (tokens - 1);
        const std::vector<float> query(q.begin() + i * row, q.begin() + (i + 1) * row);
        const auto expected = lab::reference::attention(
            query, keys, values, i,
            {shape.heads, shape.kv_heads, head_dim, shape.window, shape.scale});
        for (std::int64_t d = 0; d < row; ++d) {
            const double actual = static_cast<float>(out[i * row + d]);
            // Values lie within ±1, so does their mean: rounded to bf16 it is off by up to 2⁻⁹,
            // and tensor cores may round the weights to bf16 as well, 2⁻⁹ more.
            if (!(std::abs(actual - expected[d]) <= 0x1p-8)) {
                return lab::fault_sentence(static_cast<std::size_t>(i * row + d), expected[d],
                                           actual, 0x1p-8);
            }
        }
    }
    return {};
}

lab::LadderCase<Attention<Element>, Operands> attention_case(std::int64_t queries,
                                                             std::int64_t heads,
                                                             std::int64_t kv_heads) {
    const AttentionShape shape{heads, kv_heads, head_dim, 0, 1 / std::sqrt(float{head_dim})};
    const Batch batch{.tokens = queries,
                      .most_queries = queries,
                      .longest = queries,
                      .cached = queries,
                      .pairs = queries * (queries + 1) / 2,
                      .sequences = 1,
                      .pages_per_sequence = 1};
    lab::LadderCase<Attention<Element>, Operands> c;
    c.shape = lab::shape_label({queries}) + " tokens, " + std::to_string(heads) + " / " +
              std::to_string(kv_heads) + " heads of 128, causal, bf16";
    c.work = Attention<Element>{.batch = batch, .shape = shape}.work();
    c.roof = lab::Roof::fp32;
    c.make = [=](std::uint64_t seed) { return Operands(queries, shape, seed); };
    c.op = [=](Operands& o) {
        Attention<Element> op{.q = o.q_device.data(),
                              .cache = {o.keys_device.data(), o.values_device.data(), 1, queries},
                              .out = o.out_device.data(),
                              .batch = batch,
                              .shape = shape};
        op.batch.positions = o.positions.data();
        op.batch.owners = o.owners.data();
        op.batch.pages = o.pages.data();
        return op;
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.out_device); };
    c.fault = [=](const Operands& o) { return fault_of_some(o, queries, shape); };
    return c;
}

void describe(lab::Bench& bench) {
    using Sizes = std::vector<std::int64_t>;
    for (const std::int64_t queries : lab::by_device(Sizes{1024, 4096}, Sizes{96})) {
        const bool is_small = queries < 1024;
        bench.add(ladder<Element>, attention_case(queries, is_small ? 4 : 32, is_small ? 1 : 8));
    }
}

const lab::BenchChapter registration{14, describe};

}  // namespace
}  // namespace t2t::flash_attention
