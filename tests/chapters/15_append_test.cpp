#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/kv_cache.hpp"
#include "tests/chapters/attention_inputs.hpp"
#include "tests/chapters/paged_pass.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

// Sizes of an append to a cache.
struct AppendShape {
    std::int64_t tokens;
    std::int64_t sequences;
    std::int64_t capacity;
    std::int64_t width;
};

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

    // Contiguous, and in small pages. Where they do not divide the capacity, a part of the last one
    // belongs to no position.
    for (const std::int64_t page :
         {shape.capacity, std::int64_t{shape.capacity % 2 == 0 ? 2 : 3}}) {
        const tests::Pass pass =
            page == shape.capacity
                ? tests::Pass(places.sequences, places.positions, shape.sequences, page)
                : tests::Pass(places.sequences, places.positions, shape.sequences, shape.capacity,
                              page);
        const auto in_pages = [&](const lab::Expected& whole) {
            return lab::Expected{pass.in_pages(whole.values, shape.width),
                                 {pass.page_count() * pass.page, shape.width}};
        };
        lab::RungCheck check("kv_append", rung.name);
        kv_cache::Append<T> op{.k = check.input("k", k), .v = check.input("v", v)};
        op.batch = pass.on_device(check);
        op.cache = {
            check.in_out("keys", pass.in_pages(keys, shape.width), in_pages(expected(keys, k))),
            check.in_out("values", pass.in_pages(values, shape.width),
                         in_pages(expected(values, v))),
            pass.page_count(), pass.page};
        op.width = shape.width;
        const auto result = check.run(rung, op);
        EXPECT_TRUE(result.ok()) << result.message() << "\n"
                                 << shape.tokens << " tokens, cache " << shape.sequences << " × "
                                 << shape.capacity << " × " << shape.width << ", pages of " << page;
    }
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

TEST_P(AppendFloat, StoresNothingWherePagesAreMissing) {
    tests::Pass pass({0, 0, 1}, {1, 5, 2}, 2, 8, 4);
    const auto zeros = std::vector<float>(2 * 8 * 3, 0.0F);
    const auto rows = lab::normal(3 * 3, 3, 2, lab::test_seed());
    std::vector<double> expected(zeros.begin(), zeros.end());
    for (int d = 0; d < 3; ++d) expected[(pass.pages[2] * 4 + 2) * 3 + d] = rows[2 * 3 + d];
    pass.pages[0] = -1;
    pass.pages[1] = 4;
    lab::RungCheck check("kv_append", rung().name);
    kv_cache::Append<float> op{.k = check.input("k", rows), .v = check.input("v", rows)};
    op.batch = pass.on_device(check);
    op.cache = {check.in_out("keys", zeros, {expected, {16, 3}}),
                check.in_out("values", zeros, {expected, {16, 3}}), 4, 4};
    op.width = 3;
    const auto result = check.run(rung(), op);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(AppendFloat, DoesNothingWithoutTokens) {
    EXPECT_NO_THROW(rung().run({.batch = {.tokens = 0}, .width = 4}, nullptr));
    EXPECT_NO_THROW(rung().run({.batch = {.tokens = 5}, .width = 0}, nullptr));
}

TEST_P(AppendFloat, RefusesBadArguments) {
    using Op = kv_cache::Append<float>;
    lab::GuardedBuffer<float> rows(16), keys(64), values(64);
    lab::GuardedBuffer<std::int32_t> numbers(std::vector<std::int32_t>{0, 1, 0, 1});
    const std::int32_t* at = numbers.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(at) + 2);
    Op good{.k = rows.data(),
            .v = rows.data(),
            .cache = {keys.data(), values.data(), 2, 4},
            .batch = {.tokens = 2, .sequences = 2, .pages_per_sequence = 1},
            .width = 8};
    good.batch.positions = good.batch.owners = good.batch.pages = at;
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = good;
        spoil(bad);
        const std::string said = tests::complaint([&] { rung().run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("kv_append: tokens is -1", [](Op& op) { op.batch.tokens = -1; });
    refuses("sequences is -2", [](Op& op) { op.batch.sequences = -2; });
    refuses("page_count is -2", [](Op& op) { op.cache.page_count = -2; });
    refuses("page is -4", [](Op& op) { op.cache.page = -4; });
    refuses("width is -8", [](Op& op) { op.width = -8; });
    refuses("do not fit", [](Op& op) { op.batch.tokens = most / 8; });
    refuses("do not fit", [](Op& op) { op.cache.page_count = most / 4; });
    refuses("do not fit", [](Op& op) { op.cache.page_count = most / 32; });
    refuses("kv_append: k is null", [](Op& op) { op.k = nullptr; });
    refuses("kv_append: v is null", [](Op& op) { op.v = nullptr; });
    refuses("kv_append: positions is null", [](Op& op) { op.batch.positions = nullptr; });
    refuses("kv_append: owners is null", [](Op& op) { op.batch.owners = nullptr; });
    refuses("kv_append: pages is null", [](Op& op) { op.batch.pages = nullptr; });
    refuses("kv_append: keys is null", [](Op& op) { op.cache.keys = nullptr; });
    refuses("kv_append: values is null", [](Op& op) { op.cache.values = nullptr; });
    refuses("kv_append: k is not aligned", [](Op& op) { op.k += 1; });
    refuses("kv_append: v is not aligned", [](Op& op) { op.v += 1; });
    refuses("kv_append: positions is not aligned", [=](Op& op) { op.batch.positions = odd; });
    refuses("kv_append: owners is not aligned", [=](Op& op) { op.batch.owners = odd; });
    refuses("kv_append: keys is not aligned", [](Op& op) { op.cache.keys += 2; });
    refuses("kv_append: values is not aligned", [](Op& op) { op.cache.values += 2; });
    EXPECT_TRUE(keys.unchanged() && values.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
