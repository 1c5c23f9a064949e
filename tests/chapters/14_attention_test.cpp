#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/attention.hpp"
#include "tests/chapters/attention_inputs.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using flash_attention::AttentionShape;

using AttentionFloat = tests::EveryRung<flash_attention::ladder<float>>;
using AttentionBf16 = tests::EveryRung<flash_attention::ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(AttentionFloat);
T2T_EVERY_RUNG(AttentionBf16);

template <typename T>
using AttentionRung = Rung<flash_attention::Attention<T>>;
template <typename T>
using Inputs = tests::AttentionInputs<T>;

AttentionShape sized(std::int64_t queries, std::int64_t start, std::int64_t heads,
                     std::int64_t kv_heads, std::int64_t head_dim, std::int64_t window = 0) {
    const double scale = 1 / std::sqrt(static_cast<double>(head_dim));
    return {queries, start, heads, kv_heads, head_dim, window, static_cast<float>(scale)};
}

template <typename T>
Inputs<T> inputs_of(const AttentionShape& shape) {
    return {shape.queries,  shape.positions(), shape.heads,
            shape.kv_heads, shape.head_dim,    lab::test_seed()};
}

template <typename T>
std::vector<double> expected_of(const AttentionShape& shape, const Inputs<T>& inputs) {
    return lab::reference::attention(
        tests::widened(inputs.q), tests::widened(inputs.keys), tests::widened(inputs.values),
        shape.start, {shape.heads, shape.kv_heads, shape.head_dim, shape.window, shape.scale});
}

template <typename T>
void expect_attention(const AttentionRung<T>& rung, const AttentionShape& shape,
                      const Inputs<T>& inputs, std::vector<double> expected,
                      const lab::Tolerance& tolerance) {
    lab::RungCheck check("attention", rung.name);
    const T* q = check.input("q", inputs.q);
    const T* keys = check.input("keys", inputs.keys);
    const T* values = check.input("values", inputs.values);
    // What is left in scratch is nobody's business, what is left around it is.
    lab::GuardedBuffer<float> scratch(
        static_cast<std::size_t>(flash_attention::scratch_size(shape)));
    T* out = check.output<T>(
        "out", {std::move(expected), {shape.queries * shape.heads, shape.head_dim}, tolerance});
    const auto result =
        check.run([&] { rung.run(q, keys, values, scratch.data(), out, shape, nullptr); });
    const bool scratch_kept = scratch.margin_faults().empty();
    EXPECT_TRUE(result.ok() && scratch_kept)
        << result.message() << "\n"
        << (scratch_kept ? "" : "wrote beside scratch\n") << shape.queries << " queries from "
        << shape.start << ", " << shape.heads << " / " << shape.kv_heads << " heads of "
        << shape.head_dim << ", window " << shape.window;
}

template <typename T>
void expect_attention(const AttentionRung<T>& rung, const AttentionShape& shape) {
    const auto inputs = inputs_of<T>(shape);
    const auto expected = expected_of(shape, inputs);
    expect_attention<T>(rung, shape, inputs, expected,
                        tests::attention_tolerance<T>(expected, shape.head_dim));
}

// GQA ratios 1, 3, 4, 8 and 12; the head sizes of GPT-2, Phi and Llama, and some that nobody has.
template <typename T>
void expect_every_head(const AttentionRung<T>& rung) {
    expect_attention<T>(rung, sized(1, 0, 1, 1, 1));
    expect_attention<T>(rung, sized(33, 0, 3, 3, 64));
    expect_attention<T>(rung, sized(40, 0, 6, 2, 80));
    expect_attention<T>(rung, sized(31, 5, 4, 1, 128));
    expect_attention<T>(rung, sized(18, 0, 8, 1, 33));
    expect_attention<T>(rung, sized(17, 3, 12, 1, 31));
    expect_attention<T>(rung, sized(7, 2, 2, 2, 129));
    expect_attention<T>(rung, sized(5, 0, 2, 1, 256));
}

TEST_P(AttentionFloat, AttendsWithEveryHead) {
    expect_every_head<float>(rung());
}
TEST_P(AttentionBf16, AttendsWithEveryHead) {
    expect_every_head<__nv_bfloat16>(rung());
}

template <typename T>
void expect_every_length(const AttentionRung<T>& rung) {
    for (const std::int64_t queries : {1, 2, 31, 32, 33, 65, 129}) {
        expect_attention<T>(rung, sized(queries, 0, 2, 1, 16));
    }
}

TEST_P(AttentionFloat, AttendsToEveryLength) {
    expect_every_length<float>(rung());
}
TEST_P(AttentionBf16, AttendsToEveryLength) {
    expect_every_length<__nv_bfloat16>(rung());
}

// A prompt that arrives in pieces: the later ones find positions before them.
template <typename T>
void expect_every_start(const AttentionRung<T>& rung) {
    for (const std::int64_t start : {1, 31, 128, 300}) {
        expect_attention<T>(rung, sized(1, start, 2, 1, 20));
        expect_attention<T>(rung, sized(37, start, 2, 1, 20));
    }
}

TEST_P(AttentionFloat, AttendsFromEveryStart) {
    expect_every_start<float>(rung());
}
TEST_P(AttentionBf16, AttendsFromEveryStart) {
    expect_every_start<__nv_bfloat16>(rung());
}

template <typename T>
void expect_every_window(const AttentionRung<T>& rung) {
    for (const std::int64_t window : {1, 2, 31, 33, 100}) {
        expect_attention<T>(rung, sized(70, 0, 2, 1, 24, window));
        expect_attention<T>(rung, sized(41, 90, 2, 1, 24, window));
    }
}

TEST_P(AttentionFloat, AttendsWithinEveryWindow) {
    expect_every_window<float>(rung());
}
TEST_P(AttentionBf16, AttendsWithinEveryWindow) {
    expect_every_window<__nv_bfloat16>(rung());
}

// With q = 0 all weights are equal, and the result is a mean: one position too many or too few
// shows at once, where a peaked softmax hides a key of little weight.
TEST_P(AttentionFloat, CountsEachPositionOnce) {
    for (const std::int64_t window : {0, 1, 40}) {
        for (const std::int64_t start : {0, 77}) {
            const auto shape = sized(67, start, 2, 1, 5, window);
            auto inputs = inputs_of<float>(shape);
            std::fill(inputs.q.begin(), inputs.q.end(), 0.0F);
            inputs.values = lab::integers(static_cast<std::int64_t>(inputs.values.size()), -50, 60,
                                          lab::test_seed());
            expect_attention<float>(
                rung(), shape, inputs, expected_of(shape, inputs),
                lab::Tolerance::relative_to_scale(
                    0x1p-23 * std::sqrt(144.0) * 60,
                    "ε·√(positions)·(largest value): each weight and each product rounds once"));
        }
    }
}

// A token's row must not depend on where its piece of the prompt began.
TEST_P(AttentionFloat, JoinsThePiecesOfAPrompt) {
    const auto whole = sized(60, 0, 4, 2, 24, 25);
    const auto inputs = inputs_of<float>(whole);
    const auto expected = expected_of(whole, inputs);
    for (const std::int64_t start : {20, 47}) {
        const auto piece = sized(60 - start, start, 4, 2, 24, 25);
        const std::ptrdiff_t before = start * 4 * 24;
        auto rest = inputs;
        rest.q.assign(inputs.q.begin() + before, inputs.q.end());
        expect_attention<float>(rung(), piece, rest, {expected.begin() + before, expected.end()},
                                tests::attention_tolerance<float>(expected, 24));
    }
}

// A NaN and an infinite logit reach the tokens that see them, and no other.
TEST_P(AttentionFloat, PassesOnWhatIsNoNumber) {
    for (const float strange :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const auto shape = sized(50, 0, 2, 2, 8, 10);
        auto inputs = inputs_of<float>(shape);
        std::fill(inputs.q.begin(), inputs.q.end(), 1.0F);
        inputs.keys[20 * 16 + 3] = strange;  // position 20, first head: tokens 20 to 29 see it
        DeviceBuffer<float> q(inputs.q);
        DeviceBuffer<float> keys(inputs.keys);
        DeviceBuffer<float> values(inputs.values);
        DeviceBuffer<float> scratch(static_cast<std::size_t>(flash_attention::scratch_size(shape)));
        DeviceBuffer<float> out(inputs.q.size());
        rung().run(q.data(), keys.data(), values.data(), scratch.data(), out.data(), shape,
                   nullptr);
        const auto result = out.download();
        for (std::size_t i = 0; i < result.size(); ++i) {
            const std::size_t token = i / 16;
            const bool sees = 20 <= token && token < 30 && i % 16 < 8;
            EXPECT_EQ(std::isnan(result[i]), sees) << "token " << token << ", element " << i % 16;
        }
    }
}

TEST_P(AttentionFloat, DoesNothingForAnEmptyResult) {
    const auto run = rung().run;
    for (const AttentionShape& shape :
         {sized(0, 5, 2, 1, 8), sized(3, 5, 0, 0, 8), sized(3, 5, 2, 1, 0)}) {
        EXPECT_NO_THROW(run(nullptr, nullptr, nullptr, nullptr, nullptr, shape, nullptr));
    }
}

TEST_P(AttentionFloat, RefusesBadArguments) {
    lab::GuardedBuffer<float> queries(64);
    lab::GuardedBuffer<float> cache(128);
    lab::GuardedBuffer<float> between(64);
    lab::GuardedBuffer<float> output(64);
    const float* q = queries.data();
    const float* kv = cache.data();
    float* scratch = between.data();
    float* out = output.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    const auto refuses = [&](const AttentionShape& bad) {
        EXPECT_THROW(run(q, kv, kv, scratch, out, bad, nullptr), std::invalid_argument);
    };
    refuses({-2, 1, 4, 2, 4, 0, 1});
    refuses({2, -1, 4, 2, 4, 0, 1});
    refuses({2, 1, -4, 2, 4, 0, 1});
    refuses({2, 1, 4, -2, 4, 0, 1});
    refuses({2, 1, 4, 2, -4, 0, 1});
    refuses({2, 1, 4, 2, 4, -1, 1});
    refuses({2, 1, 4, 3, 4, 0, 1});
    refuses({2, 1, 4, 0, 4, 0, 1});
    refuses({most / 4, 1, 4, 2, 4, 0, 1});
    refuses({2, most, 4, 2, 4, 0, 1});
    refuses({2, most / 16, 4, 2, 4, 0, 1});
    refuses({std::int64_t{1} << 31, 0, 4, 2, 4, 0, 1});  // fits, its scores do not
    const AttentionShape shape{2, 1, 4, 2, 4, 0, 1};
    const auto refuses_pointers = [&](const float* a, const float* k, const float* v, float* s,
                                      float* o) {
        EXPECT_THROW(run(a, k, v, s, o, shape, nullptr), std::invalid_argument);
    };
    refuses_pointers(nullptr, kv, kv, scratch, out);
    refuses_pointers(q, nullptr, kv, scratch, out);
    refuses_pointers(q, kv, nullptr, scratch, out);
    refuses_pointers(q, kv, kv, nullptr, out);
    refuses_pointers(q, kv, kv, scratch, nullptr);
    refuses_pointers(q + 1, kv, kv, scratch, out);
    refuses_pointers(q, kv + 1, kv, scratch, out);
    refuses_pointers(q, kv, kv + 1, scratch, out);
    refuses_pointers(q, kv, kv, scratch + 2, out);
    refuses_pointers(q, kv, kv, scratch, out + 2);
    EXPECT_TRUE(output.unchanged() && between.unchanged()) << "a refused call has written";
}

// The reference itself, by hand: logits ln 3 and 0 weigh ¾ and ¼.
TEST(AttentionReference, WeighsByHand) {
    const float third = std::log(3.0F);
    const std::vector<float> q{7, 7, third, 0};  // two queries of two heads
    const std::vector<float> keys{1, 0};         // one key head; head_dim 1
    const std::vector<float> values{8, -4};
    const auto out = lab::reference::attention(q, keys, values, 0, {2, 1, 1, 0, 1});
    EXPECT_EQ(out[0], 8);
    EXPECT_EQ(out[1], 8);
    EXPECT_NEAR(out[2], 5, 1e-6);  // ¾ · 8 − ¼ · 4
    EXPECT_NEAR(out[3], 2, 1e-6);  // ½ · 8 − ½ · 4
    const auto last = lab::reference::attention(q, keys, values, 0, {2, 1, 1, 1, 1});
    EXPECT_EQ(last[2], -4);
    EXPECT_EQ(last[3], -4);
}

}  // namespace
}  // namespace t2t
