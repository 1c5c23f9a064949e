#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
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
#include "tests/chapters/attention_refusals.hpp"
#include "tests/chapters/paged_pass.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using flash_attention::AttentionShape;
using Ids = std::vector<std::int32_t>;

using DecodeFloat = tests::EveryRung<kv_cache::decode_ladder<float>>;
using DecodeBf16 = tests::EveryRung<kv_cache::decode_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(DecodeFloat);
T2T_EVERY_RUNG(DecodeBf16);

template <typename T>
using DecodeRung = Rung<flash_attention::Attention<T>>;

// Some tokens, the cache that they read, and where they stand in it.
template <typename T>
struct Tokens {
    AttentionShape shape;
    std::int64_t count;              // rows of the cache
    std::int64_t capacity;           // positions of each
    Ids sequences;                   // [tokens]
    Ids positions;                   // [tokens]
    std::vector<T> q, keys, values;  // the cache is [count, capacity, kv_heads, head_dim]

    // Token t has positions[t] in a sequence of its own. What the cache holds behind that position,
    // and in sequences that nobody asks for, is NaN: whoever reads it shows.
    Tokens(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim, std::int64_t capacity,
           Ids where, std::int64_t window = 0)
        : shape{heads, kv_heads, head_dim, window,
                static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)))},
          count(static_cast<std::int64_t>(where.size()) + 1),
          capacity(capacity),
          positions(std::move(where)) {
        for (std::int64_t t = count - 1; t > 0; --t) {
            sequences.push_back(static_cast<std::int32_t>(t));
        }
        tests::AttentionInputs<T> inputs(count - 1, count * capacity, heads, kv_heads, head_dim,
                                         lab::test_seed());
        q = std::move(inputs.q);
        keys = std::move(inputs.keys);
        values = std::move(inputs.values);
        forget(0, 0);
        for (std::int64_t t = 0; t < count - 1; ++t) forget(sequences[t], positions[t] + 1);
    }

    std::int64_t width() const { return shape.kv_heads * shape.head_dim; }

    // One page for each sequence, or pages of `page` positions.
    tests::Pass pass(std::int64_t page = 0) const {
        if (page == 0) return {sequences, positions, count, capacity};
        return {sequences, positions, count, capacity, page};
    }

    // Sets a sequence to NaN from a position on.
    void forget(std::int64_t sequence, std::int64_t from) {
        for (std::int64_t i = from * width(); i < capacity * width(); ++i) {
            keys[sequence * capacity * width() + i] = T(NAN);
            values[sequence * capacity * width() + i] = T(NAN);
        }
    }

    std::vector<double> expected() const {
        return lab::reference::decode_attention(
            tests::widened(q), tests::widened(keys), tests::widened(values), sequences, positions,
            {count, capacity, width()},
            {shape.heads, shape.kv_heads, shape.head_dim, shape.window, shape.scale});
    }
};

template <typename T>
void expect_attention(const DecodeRung<T>& rung, const Tokens<T>& tokens, std::int64_t page,
                      std::vector<double> expected, const lab::Tolerance& tolerance) {
    const AttentionShape& shape = tokens.shape;
    const tests::Pass pass = tokens.pass(page);
    lab::RungCheck check("decode_attention", rung.name);
    flash_attention::Attention<T> op{.q = check.input("q", tokens.q), .shape = shape};
    // The view serves writers, too; RungCheck sees to it that nobody writes here.
    op.cache = {const_cast<T*>(check.input("keys", pass.in_pages(tokens.keys, tokens.width()))),
                const_cast<T*>(check.input("values", pass.in_pages(tokens.values, tokens.width()))),
                pass.page_count(), pass.page};
    op.batch = pass.on_device(check);
    op.out = check.output<T>(
        "out", {std::move(expected), {pass.tokens() * shape.heads, shape.head_dim}, tolerance});
    const auto result = check.run(rung, op);
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << pass.tokens() << " tokens of " << shape.heads << " / "
                             << shape.kv_heads << " heads of " << shape.head_dim << ", window "
                             << shape.window << ", last position " << pass.positions.back()
                             << ", pages of " << pass.page;
}

template <typename T>
void expect_attention(const DecodeRung<T>& rung, const Tokens<T>& tokens) {
    const auto expected = tokens.expected();
    for (const std::int64_t page : {0, 48}) {
        expect_attention<T>(rung, tokens, page, expected,
                            tests::attention_tolerance<T>(expected, tokens.shape.head_dim));
    }
}

template <typename T>
void expect_every_head(const DecodeRung<T>& rung) {
    // GQA ratios 1, 3, 4, 8 and 12; head_dim below, at and beyond a block, and odd.
    expect_attention<T>(rung, {1, 1, 1, 3, {2}});
    expect_attention<T>(rung, {3, 3, 64, 40, {0, 39}});
    expect_attention<T>(rung, {6, 2, 80, 33, {32, 7, 31}});
    expect_attention<T>(rung, {4, 1, 128, 130, {129, 127, 128, 0}});
    expect_attention<T>(rung, {8, 1, 33, 50, {48}});
    expect_attention<T>(rung, {12, 1, 31, 37, {36, 1}});
    expect_attention<T>(rung, {2, 2, 129, 20, {18}});
    expect_attention<T>(rung, {2, 1, 256, 40, {38, 3}});
    expect_attention<T>(rung, {1, 1, 300, 9, {8}});
}

TEST_P(DecodeFloat, AttendsWithEveryHead) {
    expect_every_head<float>(rung());
}
TEST_P(DecodeBf16, AttendsWithEveryHead) {
    expect_every_head<__nv_bfloat16>(rung());
}

template <typename T>
void expect_every_length(const DecodeRung<T>& rung) {
    // Around one warp, around tiles of 64 and 128 positions, a prime, and many tiles.
    expect_attention<T>(rung, {3, 1, 16, 1000, {0, 1, 2, 30, 31, 32, 63, 64, 96}});
    expect_attention<T>(rung, {3, 1, 16, 1000, {126, 127, 128, 129, 255, 256, 383, 996, 999}});
}

TEST_P(DecodeFloat, AttendsToEveryLength) {
    expect_every_length<float>(rung());
}
TEST_P(DecodeBf16, AttendsToEveryLength) {
    expect_every_length<__nv_bfloat16>(rung());
}

template <typename T>
void expect_every_window(const DecodeRung<T>& rung) {
    for (const std::int64_t window : {1, 2, 31, 100, 127, 128, 129, 300, 1000}) {
        expect_attention<T>(rung,
                            {4, 2, 24, 400, {0, 1, 99, 127, 128, 130, 299, 300, 399}, window});
    }
}

TEST_P(DecodeFloat, AttendsWithinEveryWindow) {
    expect_every_window<float>(rung());
}
TEST_P(DecodeBf16, AttendsWithinEveryWindow) {
    expect_every_window<__nv_bfloat16>(rung());
}

// With q = 0 all weights are equal, and the result is a mean: one position too many or too few, or
// one taken twice, shows at once, where a peaked softmax hides a key of little weight.
TEST_P(DecodeFloat, CountsEachPositionOnce) {
    for (const std::int64_t window : {0, 1, 130}) {
        Tokens<float> batch(2, 1, 5, 300, {0, 1, 31, 127, 128, 131, 255, 256, 299}, window);
        const auto whole = lab::integers(static_cast<std::int64_t>(batch.values.size()), -50, 60,
                                         lab::test_seed());
        for (std::size_t i = 0; i < whole.size(); ++i) {
            if (!std::isnan(batch.values[i])) batch.values[i] = whole[i];
        }
        std::fill(batch.q.begin(), batch.q.end(), 0.0F);
        expect_attention<float>(
            rung(), batch, 0, batch.expected(),
            lab::Tolerance::relative_to_scale(
                0x1p-23 * 60,
                "sums of whole numbers are exact; a weight and a product round once"));
    }
}

// The cache that a prompt of `count` tokens leaves, decoded again token by token: what chapter 14
// computes at once must come out one by one, from the same reference.
TEST_P(DecodeFloat, RepeatsAPrompt) {
    constexpr std::int64_t count = 37;
    for (const std::int64_t window : {0, 5}) {
        Ids where(count);
        std::iota(where.begin(), where.end(), 0);
        Tokens<float> batch(4, 2, 24, count, where, window);
        const tests::AttentionInputs<float> prompt(count, count, 4, 2, 24, lab::test_seed());
        batch.q = prompt.q;
        for (std::int64_t s = 0; s < batch.count; ++s) {
            const auto room = static_cast<std::ptrdiff_t>(prompt.keys.size());
            std::copy(prompt.keys.begin(), prompt.keys.end(), batch.keys.begin() + s * room);
            std::copy(prompt.values.begin(), prompt.values.end(), batch.values.begin() + s * room);
        }
        const auto expected = lab::reference::attention(prompt.q, prompt.keys, prompt.values, 0,
                                                        {4, 2, 24, window, batch.shape.scale});
        expect_attention<float>(rung(), batch, 7, expected,
                                tests::attention_tolerance<float>(expected, 24));
    }
}

template <typename T>
std::vector<T> run_once(const DecodeRung<T>& rung, const Tokens<T>& tokens,
                        std::int64_t longest = 0) {
    const tests::DevicePass pass(tokens.pass());
    DeviceBuffer<T> q(tokens.q);
    DeviceBuffer<T> keys(tokens.keys);
    DeviceBuffer<T> values(tokens.values);
    DeviceBuffer<T> out(tokens.q.size());
    flash_attention::Attention<T> op{
        .q = q.data(),
        .cache = {keys.data(), values.data(), tokens.count, tokens.capacity},
        .out = out.data(),
        .batch = pass.batch,
        .shape = tokens.shape};
    if (longest > 0) op.batch.longest = longest;
    DeviceBuffer<std::byte> workspace(rung.workspace(op));
    op.workspace = {workspace.data(), workspace.size()};
    rung.run(op, nullptr);
    return out.download();
}

template <typename T>
void expect_same_alone(const DecodeRung<T>& rung) {
    const Tokens<T> batch(4, 2, 40, 700, {5, 699, 127, 128, 300});
    const auto together = run_once<T>(rung, batch);
    const std::size_t size = together.size() / batch.positions.size();
    for (std::size_t t = 0; t < batch.positions.size(); ++t) {
        Tokens<T> one = batch;
        one.sequences = {batch.sequences[t]};
        one.positions = {batch.positions[t]};
        one.q.assign(batch.q.begin() + t * size, batch.q.begin() + (t + 1) * size);
        // Alone, and with a bound that knows nothing of longer sequences.
        const auto alone = run_once<T>(rung, one, batch.positions[t] + 1);
        EXPECT_EQ(std::memcmp(alone.data(), &together[t * size], size * sizeof(T)), 0)
            << "token " << t << " differs from itself alone";
    }
}

TEST_P(DecodeFloat, GivesATokenTheSameBitsInEveryBatch) {
    expect_same_alone<float>(rung());
}
TEST_P(DecodeBf16, GivesATokenTheSameBitsInEveryBatch) {
    expect_same_alone<__nv_bfloat16>(rung());
}

template <typename T>
void expect_nan_outside(const DecodeRung<T>& rung) {
    using Limits = std::numeric_limits<std::int32_t>;
    Tokens<T> batch(3, 1, 17, 6, {5, 1, 2, 3, 4, 0, 0, 5});
    batch.sequences = {1, -1, 9, 3, 4, Limits::max(), Limits::min(), 8};
    batch.positions = {5, 1, 2, -1, 6, 0, 0, Limits::max()};
    expect_attention<T>(rung, batch);
}

TEST_P(DecodeFloat, GivesNanForATokenOutsideTheCache) {
    expect_nan_outside<float>(rung());
}
TEST_P(DecodeBf16, GivesNanForATokenOutsideTheCache) {
    expect_nan_outside<__nv_bfloat16>(rung());
}

TEST_P(DecodeFloat, GivesNanForACacheWithoutRoom) {
    for (const bool no_sequence : {true, false}) {
        Tokens<float> batch(2, 1, 4, 1, {0, 0});
        (no_sequence ? batch.count : batch.capacity) = 0;
        batch.keys.clear();
        batch.values.clear();
        const auto expected = batch.expected();
        expect_attention<float>(rung(), batch, 0, expected,
                                tests::attention_tolerance<float>(expected, 4));
    }
}

// A NaN and an infinite logit reach the tokens that see them, and no other.
TEST_P(DecodeFloat, PassesOnWhatIsNoNumber) {
    for (const float strange :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Tokens<float> batch(2, 2, 8, 200, {150, 199}, 100);
        std::fill(batch.q.begin(), batch.q.end(), 1.0F);
        const std::int64_t sequence = batch.sequences[1];
        // Position 120, the first key head: the first query head of the second token sees it.
        batch.keys[(sequence * 200 + 120) * 16 + 3] = strange;
        const auto out = run_once<float>(rung(), batch);
        for (std::size_t i = 0; i < out.size(); ++i) {
            EXPECT_EQ(std::isnan(out[i]), i / 8 == 2) << "element " << i;
        }
        batch.positions[1] = 119;
        for (const float x : run_once<float>(rung(), batch)) EXPECT_FALSE(std::isnan(x));
    }
}

// A whole tile of scores that are −∞ weighs nothing against one that is not.
TEST_P(DecodeFloat, IgnoresScoresOfMinusInfinity) {
    Tokens<float> batch(1, 1, 2, 140, {139});
    std::fill(batch.q.begin(), batch.q.end(), 1.0F);
    for (std::int64_t j = 0; j < 139; ++j) {
        batch.keys[(140 + j) * 2] = -std::numeric_limits<float>::infinity();
    }
    const auto out = run_once<float>(rung(), batch);
    EXPECT_EQ(out, std::vector<float>(batch.values.end() - 2, batch.values.end()));
}

TEST_P(DecodeFloat, DoesNothingForAnEmptyResult) {
    const auto run = rung().run;
    const auto empty = [](std::int64_t tokens, AttentionShape shape) {
        return flash_attention::Attention<float>{.batch = {.tokens = tokens}, .shape = shape};
    };
    EXPECT_NO_THROW(run(empty(0, {4, 2, 8, 0, 1}), nullptr));
    EXPECT_NO_THROW(run(empty(5, {0, 0, 8, 0, 1}), nullptr));
    EXPECT_NO_THROW(run(empty(5, {4, 2, 0, 0, 1}), nullptr));
}

TEST_P(DecodeFloat, RefusesBadArguments) {
    tests::expect_refusal_of_bad_attention(rung());
}

TEST_P(DecodeFloat, RefusesWhatNoBlockOrGridHolds) {
    lab::GuardedBuffer<float> memory(64);
    lab::GuardedBuffer<std::int32_t> numbers(Ids{0, 1, 0, 1});
    flash_attention::Attention<float> op{
        .q = memory.data(),
        .cache = {memory.data(), memory.data(), 1, 4},
        .out = memory.data(),
        .batch = {.tokens = 2, .longest = 4, .sequences = 1, .pages_per_sequence = 1},
        .shape = {4, 2, 8, 0, 1}};
    op.batch.positions = op.batch.owners = op.batch.pages = numbers.data();
    auto wide = op;
    wide.shape.head_dim = 100'000;  // a head that shared memory does not hold
    EXPECT_NE(tests::complaint([&] { rung().run(wide, nullptr); }).find("head_dim is 100000"),
              std::string::npos);
    auto many = op;
    many.batch.tokens = 70'000;  // more tokens than a grid has rows
    EXPECT_NE(tests::complaint([&] { rung().run(many, nullptr); }).find("70000 blocks"),
              std::string::npos);
    EXPECT_TRUE(memory.unchanged()) << "a refused call has written";
}

// v1 needs no workspace; v2 says so when it is too small.
TEST(DecodeWorkspace, TooSmallGetsASentence) {
    lab::GuardedBuffer<float> memory(64);
    lab::GuardedBuffer<std::int32_t> numbers(Ids{0, 1, 0, 1});
    flash_attention::Attention<float> op{
        .q = memory.data(),
        .cache = {memory.data(), memory.data(), 1, 4},
        .out = memory.data(),
        .batch = {.tokens = 2, .longest = 4, .sequences = 1, .pages_per_sequence = 1},
        .shape = {4, 2, 8, 0, 1}};
    op.batch.positions = op.batch.owners = op.batch.pages = numbers.data();
    EXPECT_EQ(
        tests::complaint([&] { kv_cache::v2_decode_split(op, nullptr); }),
        "decode_attention v2_decode_split: the workspace has 0 bytes and needs at least 256; hand "
        "in as many as the rung's workspace() says");
}

}  // namespace
}  // namespace t2t
