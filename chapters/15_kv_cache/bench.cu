// Benchmarks of chapter 15: `t2t bench 15`.

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/kv_cache.hpp"

namespace t2t::kv_cache {
namespace {

using Element = __nv_bfloat16;
using Elements = std::vector<Element>;
using Ids = std::vector<std::int32_t>;

std::vector<float> widened(const Elements& values) {
    return {values.begin(), values.end()};
}

// Tokens 0, 1, 2 … of a prompt go to the start of one sequence, whose cache is one page.
struct AppendOperands {
    Elements k, v;                                    // [tokens, width]
    DeviceBuffer<Element> k_device, v_device, cache;  // the cache holds keys, then values
    DeviceBuffer<std::int32_t> owners, positions, pages;

    AppendOperands(std::int64_t tokens, std::int64_t width, std::uint64_t seed)
        : k(lab::uniform<Element>(tokens * width, -1, 1, 2 * seed)),
          v(lab::uniform<Element>(tokens * width, -1, 1, 2 * seed + 1)),
          k_device(k),
          v_device(v),
          cache(2 * k.size()),
          owners(Ids(static_cast<std::size_t>(tokens), 0)),
          pages(Ids{0}) {
        Ids places(static_cast<std::size_t>(tokens));
        std::iota(places.begin(), places.end(), 0);
        positions = DeviceBuffer<std::int32_t>(places);
    }
};

lab::LadderCase<Append<Element>, AppendOperands> append_case(std::int64_t tokens,
                                                             std::int64_t width) {
    const Batch batch{.tokens = tokens, .sequences = 1, .pages_per_sequence = 1};
    const auto count = static_cast<std::size_t>(tokens * width);
    lab::LadderCase<Append<Element>, AppendOperands> c;
    c.shape = lab::shape_label({tokens, width}) + ", bf16";
    c.work = Append<Element>{.batch = batch, .width = width}.work();
    c.make = [=](std::uint64_t seed) { return AppendOperands(tokens, width, seed); };
    c.op = [=](AppendOperands& o) {
        Append<Element> op{.k = o.k_device.data(),
                           .v = o.v_device.data(),
                           .cache = {o.cache.data(), o.cache.data() + count, 1, tokens},
                           .batch = batch,
                           .width = width};
        op.batch.owners = o.owners.data();
        op.batch.positions = o.positions.data();
        op.batch.pages = o.pages.data();
        return op;
    };
    c.output = [](AppendOperands& o) { return lab::bytes_of(o.cache); };
    c.fault = [=](const AppendOperands& o) {
        return lab::first_fault(o.cache, [&](std::size_t i) {
            return static_cast<float>(i < count ? o.k[i] : o.v[i - count]);
        });
    };
    return c;
}

// One token for each sequence, each at the last position of a full cache of one page per sequence.
struct DecodeOperands {
    Elements q, keys, values;
    Ids sequences, positions;
    DeviceBuffer<Element> q_device, keys_device, values_device, out_device;
    DeviceBuffer<std::int32_t> owners, positions_device;

    DecodeOperands(std::int64_t tokens, std::int64_t length,
                   const flash_attention::AttentionShape& shape, std::uint64_t seed)
        : q(lab::normal<Element>(tokens * shape.heads * shape.head_dim, 0, 2, 3 * seed)),
          keys(lab::uniform<Element>(tokens * length * shape.kv_heads * shape.head_dim, -1, 1,
                                     3 * seed + 1)),
          values(
              lab::uniform<Element>(static_cast<std::int64_t>(keys.size()), -1, 1, 3 * seed + 2)),
          sequences(static_cast<std::size_t>(tokens)),
          positions(sequences.size(), static_cast<std::int32_t>(length - 1)) {
        std::iota(sequences.begin(), sequences.end(), 0);
        q_device = DeviceBuffer<Element>(q);
        keys_device = DeviceBuffer<Element>(keys);
        values_device = DeviceBuffer<Element>(values);
        out_device = DeviceBuffer<Element>(q.size());
        owners = DeviceBuffer<std::int32_t>(sequences);
        positions_device = DeviceBuffer<std::int32_t>(positions);
    }
};

lab::LadderCase<Attention<Element>, DecodeOperands> decode_case(std::int64_t tokens,
                                                                std::int64_t length) {
    constexpr std::int64_t heads = 32;
    constexpr std::int64_t kv_heads = 8;
    constexpr std::int64_t head_dim = 128;
    const flash_attention::AttentionShape shape{heads, kv_heads, head_dim, 0,
                                                1 / std::sqrt(float{head_dim})};
    const Batch batch{.tokens = tokens,
                      .most_queries = 1,
                      .longest = length,
                      .cached = tokens * length,
                      .pairs = tokens * length,
                      .sequences = tokens,
                      .pages_per_sequence = 1};
    lab::LadderCase<Attention<Element>, DecodeOperands> c;
    c.shape = lab::shape_label({tokens}) + " token, " + lab::shape_label({length}) +
              " positions, 32 / 8 heads of 128, bf16";
    c.work = Attention<Element>{.batch = batch, .shape = shape}.work();
    c.make = [=](std::uint64_t seed) { return DecodeOperands(tokens, length, shape, seed); };
    c.op = [=](DecodeOperands& o) {
        Attention<Element> op{
            .q = o.q_device.data(),
            .cache = {o.keys_device.data(), o.values_device.data(), tokens, length},
            .out = o.out_device.data(),
            .batch = batch,
            .shape = shape};
        op.batch.owners = o.owners.data();
        op.batch.positions = o.positions_device.data();
        op.batch.pages = o.owners.data();  // sequence s has page s
        return op;
    };
    c.output = [](DecodeOperands& o) { return lab::bytes_of(o.out_device); };
    c.fault = [=](const DecodeOperands& o) {
        const auto expected = lab::reference::decode_attention(
            widened(o.q), widened(o.keys), widened(o.values), o.sequences, o.positions,
            {tokens, length, kv_heads * head_dim}, {heads, kv_heads, head_dim, 0, shape.scale});
        // An output is a mean of values within ±1, so below 1: rounded to bf16 it is off by up to
        // 2⁻⁹. fp32 scores within ±20 err by 2⁻²³ · √128 · 20; twice that is a fiftieth of it.
        return lab::first_fault(
            o.out_device, [&](std::size_t i) { return expected[i]; }, 0x1p-8);
    };
    return c;
}

void describe(lab::Bench& bench) {
    const auto prompts =
        lab::by_device(std::vector<std::int64_t>{1, 4096}, std::vector<std::int64_t>{64});
    for (const std::int64_t tokens : prompts) {
        bench.add(append_ladder<Element>, append_case(tokens, 1024));
    }
    const auto lengths =
        lab::by_device(std::vector<std::int64_t>{515, 4096, 32768}, std::vector<std::int64_t>{256});
    for (const std::int64_t length : lengths) {
        bench.add(decode_ladder<Element>, decode_case(1, length));
    }
}

const lab::BenchChapter registration{15, describe};

}  // namespace
}  // namespace t2t::kv_cache
