#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "chapters/13_positions/positions.cuh"
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/kv_cache.hpp"
#include "common/lab/reference/positions.hpp"
#include "common/lab/run.hpp"
#include "tests/chapters/paged_pass.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using SplitQkvFloat = tests::EveryRung<positions::split_qkv_ladder<float>>;
using SplitQkvBf16 = tests::EveryRung<positions::split_qkv_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(SplitQkvFloat);
T2T_EVERY_RUNG(SplitQkvBf16);

struct Heads {
    std::int64_t heads, kv_heads, head_dim;

    std::int64_t row() const { return (heads + 2 * kv_heads) * head_dim; }
    std::int64_t width() const { return kv_heads * head_dim; }
};

// Tokens of two sequences with padding among them, in pages of three.
tests::Pass some_pass() {
    return {{1, 1, 1, -1, 0, 5, 0}, {4, 5, 6, 2, 0, 0, 9}, 2, 9, 3};
}

// Queries, and keys and values in the cache, from the float64 references of both halves. The tolerance is
// that of one rotation: products and sums of values below 8 in fp32, an angle that the reference rounds as
// the contract does, and a sine and cosine that are off by two last places; then the rounding to T.
template <typename T>
void expect_split(const Rung<positions::SplitQkv<T>>& rung, const Heads& heads, bool turns) {
    const tests::Pass pass = some_pass();
    const auto [count, kv_count, head_dim] = heads;
    const auto qkv = lab::uniform(pass.tokens() * heads.row(), -2, 2, lab::test_seed());
    const auto frequencies = lab::uniform(turns ? head_dim / 2 : 0, 0, 1, lab::test_seed() + 1);
    const auto split =
        lab::reference::rope(qkv, pass.positions, frequencies, count, kv_count, head_dim);
    const auto floats = [](const std::vector<double>& values) {
        return std::vector<float>(values.begin(), values.end());
    };
    const auto before = std::vector<float>(
        static_cast<std::size_t>(pass.sequences * pass.capacity * heads.width()), 0.5F);
    const auto cache_after = [&](const std::vector<double>& rows) {
        const auto after = lab::reference::append(before, floats(rows), pass.owners, pass.positions,
                                                  {pass.sequences, pass.capacity, heads.width()});
        return pass.in_pages(after, heads.width());
    };
    const auto start = [&] {
        std::vector<T> values;
        for (const float value : pass.in_pages(before, heads.width())) values.push_back(T(value));
        return values;
    }();
    const double rounding = sizeof(T) == 2 ? 0x1p-8 * 4 : 0;
    const auto tolerance = lab::Tolerance::relative_to_scale(
        turns ? 8 * 0x1p-23 * 4 + rounding : rounding,
        "8 roundings of values below 4, and the rounding to the type of q");

    lab::RungCheck check("split_qkv", rung.name);
    positions::SplitQkv<T> op{.qkv = check.input("qkv", qkv)};
    if (turns) op.frequencies = check.input("frequencies", frequencies);
    op.q = check.output<T>("q", {split.q, {pass.tokens() * count, head_dim}, tolerance});
    const lab::Extent cells{pass.page_count() * pass.page, heads.width()};
    op.cache = {check.in_out<T>("keys", start, {cache_after(split.k), cells, tolerance}),
                check.in_out<T>("values", start, {cache_after(split.v), cells, tolerance}),
                pass.page_count(), pass.page};
    op.batch = pass.on_device(check);
    op.heads = count;
    op.kv_heads = kv_count;
    op.head_dim = head_dim;
    const auto result = check.run(rung, op);
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << count << " / " << kv_count << " heads of " << head_dim;
}

const std::vector<Heads> shapes{{1, 1, 2}, {4, 2, 16}, {3, 1, 10}, {12, 12, 64}, {32, 8, 128}};

TEST_P(SplitQkvFloat, SplitsTurnsAndStores) {
    for (const Heads& heads : shapes) {
        expect_split<float>(rung(), heads, true);
        expect_split<float>(rung(), heads, false);
    }
}
TEST_P(SplitQkvBf16, SplitsTurnsAndStores) {
    for (const Heads& heads : shapes) {
        expect_split<__nv_bfloat16>(rung(), heads, true);
        expect_split<__nv_bfloat16>(rung(), heads, false);
    }
}

TEST_P(SplitQkvFloat, DoesNothingWithoutTokens) {
    EXPECT_NO_THROW(
        rung().run({.batch = {.tokens = 0}, .heads = 2, .kv_heads = 1, .head_dim = 8}, nullptr));
}

TEST_P(SplitQkvFloat, RefusesBadArguments) {
    using Op = positions::SplitQkv<float>;
    lab::GuardedBuffer<float> qkv(64), frequencies(4), q(32), keys(64), values(64);
    lab::GuardedBuffer<std::int32_t> numbers(std::vector<std::int32_t>{0, 1, 0, 1});
    Op good{.qkv = qkv.data(),
            .frequencies = frequencies.data(),
            .q = q.data(),
            .cache = {keys.data(), values.data(), 2, 4},
            .batch = {.tokens = 2, .sequences = 2, .pages_per_sequence = 1},
            .heads = 2,
            .kv_heads = 1,
            .head_dim = 8};
    good.batch.positions = good.batch.owners = good.batch.pages = numbers.data();
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    refuses("heads is -2", [](Op& op) { op.heads = -2; });
    refuses("head_dim is 7", [](Op& op) { op.head_dim = 7; });
    refuses("tokens is -1", [](Op& op) { op.batch.tokens = -1; });
    refuses("page_count is -1", [](Op& op) { op.cache.page_count = -1; });
    refuses("qkv is null", [](Op& op) { op.qkv = nullptr; });
    refuses("q is not aligned", [](Op& op) { op.q += 1; });
    refuses("keys is null", [](Op& op) { op.cache.keys = nullptr; });
    refuses("values is not aligned", [](Op& op) { op.cache.values += 1; });
    refuses("owners is null", [](Op& op) { op.batch.owners = nullptr; });
    refuses("split_qkv v1_split_qkv_chain: the workspace has 0 bytes and needs at least",
            [](Op&) {});
    EXPECT_TRUE(q.unchanged() && keys.unchanged() && values.unchanged())
        << "a refused call has written";
}

}  // namespace
}  // namespace t2t
