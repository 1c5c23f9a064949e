#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/kv_cache.hpp"
#include "tests/chapters/attention_inputs.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using kv_cache::AppendShape;

using AppendFloat = tests::EveryRung<kv_cache::append_ladder<float>>;
using AppendBf16 = tests::EveryRung<kv_cache::append_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(AppendFloat);
T2T_EVERY_RUNG(AppendBf16);

template <typename T>
using AppendRung = Rung<kv_cache::Append<T>>;

// A different place for each of `count` tokens, in no order.
struct Places {
    std::vector<std::int32_t> sequences;
    std::vector<std::int32_t> positions;

    Places(std::int64_t count, std::int64_t rows, std::int64_t capacity) {
        std::vector<std::int32_t> all(static_cast<std::size_t>(rows * capacity));
        std::iota(all.begin(), all.end(), 0);
        lab::Random random(lab::test_seed());
        for (std::int64_t t = 0; t < count; ++t) {
            std::swap(all[t], all[random.integer(t, rows * capacity - 1)]);
            sequences.push_back(static_cast<std::int32_t>(all[t] / capacity));
            positions.push_back(static_cast<std::int32_t>(all[t] % capacity));
        }
    }
};

template <typename T>
void expect_append(const AppendRung<T>& rung, const AppendShape& shape, const Places& places) {
    const std::int64_t cells = shape.sequences * shape.capacity * shape.width;
    const std::uint64_t seed = lab::test_seed();
    const auto k = lab::normal<T>(shape.tokens * shape.width, 3, 2, seed);
    const auto v = lab::normal<T>(shape.tokens * shape.width, -3, 2, seed + 1);
    const auto keys = lab::normal<T>(cells, 0, 1, seed + 2);
    const auto values = lab::normal<T>(cells, 0, 1, seed + 3);
    const lab::reference::CacheSizes sizes{shape.sequences, shape.capacity, shape.width};
    const auto expected = [&](const std::vector<T>& cache, const std::vector<T>& rows) {
        return lab::Expected{lab::reference::append(tests::widened(cache), tests::widened(rows),
                                                    places.sequences, places.positions, sizes),
                             {shape.sequences * shape.capacity, shape.width}};
    };

    lab::RungCheck check("kv_append", rung.name);
    const T* k_device = check.input("k", k);
    const T* v_device = check.input("v", v);
    const std::int32_t* sequences = check.input("sequences", places.sequences);
    const std::int32_t* positions = check.input("positions", places.positions);
    T* keys_device = check.in_out("keys", keys, expected(keys, k));
    T* values_device = check.in_out("values", values, expected(values, v));
    const auto result = check.run([&] {
        rung.run(k_device, v_device, sequences, positions, keys_device, values_device, shape,
                 nullptr);
    });
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << shape.tokens << " tokens, cache " << shape.sequences << " × "
                             << shape.capacity << " × " << shape.width;
}

template <typename T>
void expect_every_shape(const AppendRung<T>& rung) {
    const std::vector<AppendShape> shapes{{1, 1, 1, 1},    {2, 1, 5, 3},     {3, 4, 1, 31},
                                          {5, 2, 9, 32},   {7, 3, 11, 33},   {31, 8, 6, 255},
                                          {33, 7, 5, 257}, {97, 13, 101, 8}, {1, 2, 3, 1024}};
    for (const AppendShape& shape : shapes) {
        expect_append<T>(rung, shape, {shape.tokens, shape.sequences, shape.capacity});
    }
}

TEST_P(AppendFloat, StoresEveryShape) {
    expect_every_shape<float>(rung());
}
TEST_P(AppendBf16, StoresEveryShape) {
    expect_every_shape<__nv_bfloat16>(rung());
}

// As a prompt and a decode step use it: one run of neighbours, and one token for each sequence.
TEST_P(AppendFloat, StoresAPromptAndAStep) {
    Places places(7, 3, 20);
    places.sequences = {1, 1, 1, 1, 2, 0, 2};
    places.positions = {4, 5, 6, 7, 19, 0, 0};
    expect_append<float>(rung(), {7, 3, 20, 48}, places);
}

TEST_P(AppendFloat, LeavesOutATokenOutsideTheCache) {
    using Limits = std::numeric_limits<std::int32_t>;
    Places places(9, 3, 4);
    places.sequences = {0, -1, 3, 2, 1, 1, Limits::max(), Limits::min(), 2};
    places.positions = {0, 1, 1, 3, -1, 4, 0, 0, Limits::max()};
    expect_append<float>(rung(), {9, 3, 4, 5}, places);
}

TEST_P(AppendFloat, StoresNothingInACacheWithoutRoom) {
    expect_append<float>(rung(), {1, 0, 8, 4}, Places(1, 1, 1));
    expect_append<float>(rung(), {1, 2, 0, 4}, Places(1, 1, 1));
}

TEST_P(AppendFloat, DoesNothingWithoutTokens) {
    const auto run = rung().run;
    const std::vector<AppendShape> shapes{{0, 2, 3, 4}, {5, 2, 3, 0}};
    for (const AppendShape& shape : shapes) {
        EXPECT_NO_THROW(run(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, shape, nullptr));
    }
}

TEST_P(AppendFloat, RefusesBadArguments) {
    lab::GuardedBuffer<float> rows(16);
    lab::GuardedBuffer<float> first(64);
    lab::GuardedBuffer<float> second(64);
    lab::GuardedBuffer<std::int32_t> numbers(std::vector<std::int32_t>{0, 1, 0, 1});
    const float* k = rows.data();
    float* keys = first.data();
    float* values = second.data();
    const std::int32_t* at = numbers.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(at) + 2);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const AppendShape shape{2, 2, 4, 8};
    const auto run = rung().run;
    const auto refuses = [&](const AppendShape& bad) {
        EXPECT_THROW(run(k, k, at, at, keys, values, bad, nullptr), std::invalid_argument);
    };
    refuses({-1, 2, 4, 8});
    refuses({2, -2, 4, 8});
    refuses({2, 2, -4, 8});
    refuses({2, 2, 4, -8});
    refuses({most / 8, 2, 4, 8});
    refuses({2, most / 4, 4, 8});
    refuses({2, most / 32, 4, 8});
    const auto refuses_pointers = [&](const float* a, const float* b, const std::int32_t* s,
                                      const std::int32_t* p, float* c, float* d) {
        EXPECT_THROW(run(a, b, s, p, c, d, shape, nullptr), std::invalid_argument);
    };
    refuses_pointers(nullptr, k, at, at, keys, values);
    refuses_pointers(k, nullptr, at, at, keys, values);
    refuses_pointers(k, k, nullptr, at, keys, values);
    refuses_pointers(k, k, at, nullptr, keys, values);
    refuses_pointers(k, k, at, at, nullptr, values);
    refuses_pointers(k, k, at, at, keys, nullptr);
    refuses_pointers(k + 1, k, at, at, keys, values);
    refuses_pointers(k, k + 1, at, at, keys, values);
    refuses_pointers(k, k, odd, at, keys, values);
    refuses_pointers(k, k, at, odd, keys, values);
    refuses_pointers(k, k, at, at, keys + 2, values);
    refuses_pointers(k, k, at, at, keys, values + 2);
    EXPECT_TRUE(first.unchanged() && second.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
