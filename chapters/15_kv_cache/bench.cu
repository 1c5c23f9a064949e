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

// Tokens 0, 1, 2 … of a prompt go to the start of one sequence.
struct AppendOperands {
    Elements k, v;                                    // [tokens, width]
    DeviceBuffer<Element> k_device, v_device, cache;  // the cache holds keys, then values
    DeviceBuffer<std::int32_t> sequences, positions;

    AppendOperands(const AppendShape& shape, std::uint64_t seed)
        : k(lab::uniform<Element>(shape.tokens * shape.width, -1, 1, 2 * seed)),
          v(lab::uniform<Element>(shape.tokens * shape.width, -1, 1, 2 * seed + 1)),
          k_device(k),
          v_device(v),
          cache(2 * k.size()),
          sequences(Ids(static_cast<std::size_t>(shape.tokens), 0)) {
        Ids places(static_cast<std::size_t>(shape.tokens));
        std::iota(places.begin(), places.end(), 0);
        positions = DeviceBuffer<std::int32_t>(places);
    }
};

lab::LadderCase<Append<Element>, AppendOperands> append_case(std::int64_t tokens,
                                                             std::int64_t width) {
    const AppendShape shape{tokens, 1, tokens, width};
    const auto count = static_cast<std::size_t>(tokens * width);
    lab::LadderCase<Append<Element>, AppendOperands> c;
    c.shape = lab::shape_label({tokens, width}) + ", bf16";
    c.bytes = 8.0 * count + 8.0 * tokens;  // keys and values read and written; two ids a token
    c.make = [=](std::uint64_t seed) { return AppendOperands(shape, seed); };
    c.run = [=](Append<Element>* rung, AppendOperands& o, cudaStream_t stream) {
        rung(o.k_device.data(), o.v_device.data(), o.sequences.data(), o.positions.data(),
             o.cache.data(), o.cache.data() + count, shape, stream);
    };
    c.output = [](AppendOperands& o) { return lab::bytes_of(o.cache); };
    c.fault = [=](const AppendOperands& o) {
        return lab::first_fault(o.cache, [&](std::size_t i) {
            return static_cast<float>(i < count ? o.k[i] : o.v[i - count]);
        });
    };
    return c;
}

// One token for each sequence, each at the last position of a full cache.
struct DecodeOperands {
    Elements q, keys, values;
    Ids sequences, positions;
    DeviceBuffer<Element> q_device, keys_device, values_device, out_device;
    DeviceBuffer<std::int32_t> sequences_device, positions_device;

    DecodeOperands(const DecodeShape& shape, std::uint64_t seed)
        : q(lab::normal<Element>(shape.tokens * shape.heads * shape.head_dim, 0, 2, 3 * seed)),
          keys(lab::uniform<Element>(cache_size(shape), -1, 1, 3 * seed + 1)),
          values(lab::uniform<Element>(cache_size(shape), -1, 1, 3 * seed + 2)),
          sequences(static_cast<std::size_t>(shape.tokens)),
          positions(static_cast<std::size_t>(shape.tokens),
                    static_cast<std::int32_t>(shape.capacity - 1)) {
        std::iota(sequences.begin(), sequences.end(), 0);
        q_device = DeviceBuffer<Element>(q);
        keys_device = DeviceBuffer<Element>(keys);
        values_device = DeviceBuffer<Element>(values);
        out_device = DeviceBuffer<Element>(q.size());
        sequences_device = DeviceBuffer<std::int32_t>(sequences);
        positions_device = DeviceBuffer<std::int32_t>(positions);
    }

    static std::int64_t cache_size(const DecodeShape& shape) {
        return shape.sequences * shape.capacity * shape.kv_heads * shape.head_dim;
    }
};

lab::LadderCase<DecodeAttention<Element>, DecodeOperands> decode_case(std::int64_t tokens,
                                                                      std::int64_t length) {
    constexpr std::int64_t heads = 32;
    constexpr std::int64_t kv_heads = 8;
    constexpr std::int64_t head_dim = 128;
    const DecodeShape shape{tokens,   tokens,   length, heads,
                            kv_heads, head_dim, 0,      1 / std::sqrt(float{head_dim})};
    lab::LadderCase<DecodeAttention<Element>, DecodeOperands> c;
    c.shape = lab::shape_label({tokens}) + " token, " + lab::shape_label({length}) +
              " positions, 32 / 8 heads of 128, bf16";
    // A key, a value, a query and an output once each, 2 bytes an element.
    c.bytes = 2.0 * tokens * head_dim * (2 * length * kv_heads + 2 * heads);
    c.flops = 4.0 * tokens * heads * length * head_dim;  // two products, each a multiply and an add
    c.make = [=](std::uint64_t seed) { return DecodeOperands(shape, seed); };
    c.run = [=](DecodeAttention<Element>* rung, DecodeOperands& o, cudaStream_t stream) {
        rung(o.q_device.data(), o.keys_device.data(), o.values_device.data(),
             o.sequences_device.data(), o.positions_device.data(), o.out_device.data(), shape,
             stream);
    };
    c.output = [](DecodeOperands& o) { return lab::bytes_of(o.out_device); };
    c.fault = [=](const DecodeOperands& o) {
        const auto expected = lab::reference::decode_attention(
            widened(o.q), widened(o.keys), widened(o.values), o.sequences, o.positions,
            {shape.sequences, shape.capacity, kv_heads * head_dim},
            {heads, kv_heads, head_dim, 0, shape.scale});
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
        lab::by_device(std::vector<std::int64_t>{4096, 32768}, std::vector<std::int64_t>{256});
    for (const std::int64_t length : lengths) {
        bench.add(decode_ladder<Element>, decode_case(1, length));
    }
}

const lab::BenchChapter registration{15, describe};

}  // namespace
}  // namespace t2t::kv_cache
