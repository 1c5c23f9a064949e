#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
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

using kv_cache::DecodeShape;
using Ids = std::vector<std::int32_t>;

using DecodeFloat = tests::EveryRung<kv_cache::decode_ladder<float>>;
using DecodeBf16 = tests::EveryRung<kv_cache::decode_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(DecodeFloat);
T2T_EVERY_RUNG(DecodeBf16);

template <typename T>
using DecodeRung = Rung<kv_cache::DecodeAttention<T>>;

// Some tokens, the cache that they read, and where they stand in it.
template <typename T>
struct Batch {
    DecodeShape shape;
    Ids sequences;  // [tokens]
    Ids positions;  // [tokens]
    std::vector<T> q, keys, values;

    // Token t has positions[t] in a sequence of its own. What the cache holds behind that position,
    // and in sequences that nobody asks for, is NaN: whoever reads it shows.
    Batch(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim, std::int64_t capacity,
          Ids where, std::int64_t window = 0)
        : shape{static_cast<std::int64_t>(where.size()),
                static_cast<std::int64_t>(where.size()) + 1,
                capacity,
                heads,
                kv_heads,
                head_dim,
                window,
                static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)))},
          positions(std::move(where)) {
        for (std::int64_t t = shape.tokens; t > 0; --t) {
            sequences.push_back(static_cast<std::int32_t>(t));
        }
        tests::AttentionInputs<T> inputs(shape.tokens, shape.sequences * capacity, heads, kv_heads,
                                         head_dim, lab::test_seed());
        q = std::move(inputs.q);
        keys = std::move(inputs.keys);
        values = std::move(inputs.values);
        forget(0, 0);
        for (std::int64_t t = 0; t < shape.tokens; ++t) forget(sequences[t], positions[t] + 1);
    }

    // Sets a sequence to NaN from a position on.
    void forget(std::int64_t sequence, std::int64_t from) {
        const std::int64_t width = shape.kv_heads * shape.head_dim;
        for (std::int64_t i = from * width; i < shape.capacity * width; ++i) {
            keys[sequence * shape.capacity * width + i] = T(NAN);
            values[sequence * shape.capacity * width + i] = T(NAN);
        }
    }

    std::vector<double> expected() const {
        return lab::reference::decode_attention(
            tests::widened(q), tests::widened(keys), tests::widened(values), sequences, positions,
            {shape.sequences, shape.capacity, shape.kv_heads * shape.head_dim},
            {shape.heads, shape.kv_heads, shape.head_dim, shape.window, shape.scale});
    }
};

template <typename T>
void expect_attention(const DecodeRung<T>& rung, const Batch<T>& batch,
                      std::vector<double> expected, const lab::Tolerance& tolerance) {
    const DecodeShape& shape = batch.shape;
    lab::RungCheck check("decode_attention", rung.name);
    const T* q = check.input("q", batch.q);
    const T* keys = check.input("keys", batch.keys);
    const T* values = check.input("values", batch.values);
    const std::int32_t* sequences = check.input("sequences", batch.sequences);
    const std::int32_t* positions = check.input("positions", batch.positions);
    T* out = check.output<T>(
        "out", {std::move(expected), {shape.tokens * shape.heads, shape.head_dim}, tolerance});
    const auto result =
        check.run([&] { rung.run(q, keys, values, sequences, positions, out, shape, nullptr); });
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << shape.tokens << " tokens of " << shape.heads << " / "
                             << shape.kv_heads << " heads of " << shape.head_dim << ", window "
                             << shape.window << ", last position " << batch.positions.back();
}

template <typename T>
void expect_attention(const DecodeRung<T>& rung, const Batch<T>& batch) {
    const auto expected = batch.expected();
    expect_attention<T>(rung, batch, expected,
                        tests::attention_tolerance<T>(expected, batch.shape.head_dim));
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
        Batch<float> batch(2, 1, 5, 300, {0, 1, 31, 127, 128, 131, 255, 256, 299}, window);
        const auto whole = lab::integers(static_cast<std::int64_t>(batch.values.size()), -50, 60,
                                         lab::test_seed());
        for (std::size_t i = 0; i < whole.size(); ++i) {
            if (!std::isnan(batch.values[i])) batch.values[i] = whole[i];
        }
        std::fill(batch.q.begin(), batch.q.end(), 0.0F);
        expect_attention<float>(
            rung(), batch, batch.expected(),
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
        Batch<float> batch(4, 2, 24, count, where, window);
        const tests::AttentionInputs<float> prompt(count, count, 4, 2, 24, lab::test_seed());
        batch.q = prompt.q;
        for (std::int64_t s = 0; s < batch.shape.sequences; ++s) {
            const auto room = static_cast<std::ptrdiff_t>(prompt.keys.size());
            std::copy(prompt.keys.begin(), prompt.keys.end(), batch.keys.begin() + s * room);
            std::copy(prompt.values.begin(), prompt.values.end(), batch.values.begin() + s * room);
        }
        const auto expected = lab::reference::attention(prompt.q, prompt.keys, prompt.values, 0,
                                                        {4, 2, 24, window, batch.shape.scale});
        expect_attention<float>(rung(), batch, expected,
                                tests::attention_tolerance<float>(expected, 24));
    }
}

template <typename T>
std::vector<T> run_once(const DecodeRung<T>& rung, const Batch<T>& batch) {
    DeviceBuffer<T> q(batch.q);
    DeviceBuffer<T> keys(batch.keys);
    DeviceBuffer<T> values(batch.values);
    DeviceBuffer<std::int32_t> sequences(batch.sequences);
    DeviceBuffer<std::int32_t> positions(batch.positions);
    DeviceBuffer<T> out(batch.q.size());
    rung.run(q.data(), keys.data(), values.data(), sequences.data(), positions.data(), out.data(),
             batch.shape, nullptr);
    return out.download();
}

template <typename T>
void expect_same_alone(const DecodeRung<T>& rung) {
    const Batch<T> batch(4, 2, 40, 700, {5, 699, 127, 128, 300});
    const auto together = run_once<T>(rung, batch);
    const std::size_t size = together.size() / batch.positions.size();
    for (std::size_t t = 0; t < batch.positions.size(); ++t) {
        Batch<T> one = batch;
        one.shape.tokens = 1;
        one.sequences = {batch.sequences[t]};
        one.positions = {batch.positions[t]};
        one.q.assign(batch.q.begin() + t * size, batch.q.begin() + (t + 1) * size);
        const auto alone = run_once<T>(rung, one);
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
    Batch<T> batch(3, 1, 17, 6, {5, 1, 2, 3, 4, 0, 0, 5});
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
        Batch<float> batch(2, 1, 4, 1, {0, 0});
        (no_sequence ? batch.shape.sequences : batch.shape.capacity) = 0;
        batch.keys.clear();
        batch.values.clear();
        expect_attention<float>(rung(), batch);
    }
}

// A NaN and an infinite logit reach the tokens that see them, and no other.
TEST_P(DecodeFloat, PassesOnWhatIsNoNumber) {
    for (const float strange :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Batch<float> batch(2, 2, 8, 200, {150, 199}, 100);
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
    Batch<float> batch(1, 1, 2, 140, {139});
    std::fill(batch.q.begin(), batch.q.end(), 1.0F);
    for (std::int64_t j = 0; j < 139; ++j) {
        batch.keys[(140 + j) * 2] = -std::numeric_limits<float>::infinity();
    }
    const auto out = run_once<float>(rung(), batch);
    EXPECT_EQ(out, std::vector<float>(batch.values.end() - 2, batch.values.end()));
}

TEST_P(DecodeFloat, DoesNothingForAnEmptyResult) {
    const auto run = rung().run;
    const std::vector<DecodeShape> shapes{
        {0, 2, 3, 4, 2, 8, 0, 1}, {5, 2, 3, 0, 0, 8, 0, 1}, {5, 2, 3, 4, 2, 0, 0, 1}};
    for (const DecodeShape& shape : shapes) {
        EXPECT_NO_THROW(run(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, shape, nullptr));
    }
}

TEST_P(DecodeFloat, RefusesBadArguments) {
    lab::GuardedBuffer<float> queries(64);
    lab::GuardedBuffer<float> cache(128);
    lab::GuardedBuffer<float> output(64);
    lab::GuardedBuffer<std::int32_t> numbers(Ids{0, 1, 0, 1});
    const float* q = queries.data();
    const float* kv = cache.data();
    float* out = output.data();
    const std::int32_t* at = numbers.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(at) + 2);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const DecodeShape shape{2, 2, 4, 4, 2, 8, 0, 1};
    const auto run = rung().run;
    const auto refuses = [&](const DecodeShape& bad) {
        EXPECT_THROW(run(q, kv, kv, at, at, out, bad, nullptr), std::invalid_argument);
    };
    refuses({-2, 2, 4, 4, 2, 8, 0, 1});
    refuses({2, -2, 4, 4, 2, 8, 0, 1});
    refuses({2, 2, -4, 4, 2, 8, 0, 1});
    refuses({2, 2, 4, -4, 2, 8, 0, 1});
    refuses({2, 2, 4, 4, -2, 8, 0, 1});
    refuses({2, 2, 4, 4, 2, -8, 0, 1});
    refuses({2, 2, 4, 4, 2, 8, -1, 1});
    refuses({2, 2, 4, 4, 3, 8, 0, 1});
    refuses({2, 2, 4, 4, 0, 8, 0, 1});
    refuses({most / 4, 2, 4, 4, 2, 8, 0, 1});
    refuses({2, most / 4, 4, 4, 2, 8, 0, 1});
    refuses({70'000, 2, 4, 4, 2, 8, 0, 1});   // more tokens than a grid has rows
    refuses({2, 2, 4, 4, 2, 100'000, 0, 1});  // a head that shared memory does not hold
    const auto refuses_pointers = [&](const float* a, const float* k, const float* v,
                                      const std::int32_t* s, const std::int32_t* p, float* o) {
        EXPECT_THROW(run(a, k, v, s, p, o, shape, nullptr), std::invalid_argument);
    };
    refuses_pointers(nullptr, kv, kv, at, at, out);
    refuses_pointers(q, nullptr, kv, at, at, out);
    refuses_pointers(q, kv, nullptr, at, at, out);
    refuses_pointers(q, kv, kv, nullptr, at, out);
    refuses_pointers(q, kv, kv, at, nullptr, out);
    refuses_pointers(q, kv, kv, at, at, nullptr);
    refuses_pointers(q + 1, kv, kv, at, at, out);
    refuses_pointers(q, kv + 1, kv, at, at, out);
    refuses_pointers(q, kv, kv + 1, at, at, out);
    refuses_pointers(q, kv, kv, odd, at, out);
    refuses_pointers(q, kv, kv, at, odd, out);
    refuses_pointers(q, kv, kv, at, at, out + 1);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
