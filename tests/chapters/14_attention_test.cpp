#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/attention.hpp"
#include "tests/chapters/attention_inputs.hpp"
#include "tests/chapters/attention_refusals.hpp"
#include "tests/chapters/paged_pass.hpp"
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

// `queries` neighbouring tokens of one sequence, of which `start` stand before.
struct Prompt {
    std::int64_t queries;
    std::int64_t start;
    AttentionShape shape;

    std::int64_t positions() const { return start + queries; }
};

Prompt sized(std::int64_t queries, std::int64_t start, std::int64_t heads, std::int64_t kv_heads,
             std::int64_t head_dim, std::int64_t window = 0) {
    const double scale = 1 / std::sqrt(static_cast<double>(head_dim));
    return {queries, start, {heads, kv_heads, head_dim, window, static_cast<float>(scale)}};
}

template <typename T>
Inputs<T> inputs_of(const Prompt& prompt) {
    const auto& [heads, kv_heads, head_dim, window, scale] = prompt.shape;
    return {prompt.queries, prompt.positions(), heads, kv_heads, head_dim, lab::test_seed()};
}

lab::reference::AttentionSizes reference_sizes(const AttentionShape& shape) {
    return {shape.heads, shape.kv_heads, shape.head_dim, shape.window, shape.scale};
}

template <typename T>
std::vector<double> expected_of(const Prompt& prompt, const Inputs<T>& inputs) {
    return lab::reference::attention(tests::widened(inputs.q), tests::widened(inputs.keys),
                                     tests::widened(inputs.values), prompt.start,
                                     reference_sizes(prompt.shape));
}

// The prompt as a pass over one sequence, in pages of `page` positions; 0: one page for all.
tests::Pass pass_of(const Prompt& prompt, std::int64_t page = 0) {
    std::vector<std::int32_t> owners(static_cast<std::size_t>(prompt.queries), 0);
    std::vector<std::int32_t> positions(owners.size());
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(prompt.start));
    if (page == 0) return {owners, positions, 1, prompt.positions()};
    return {owners, positions, 1, prompt.positions(), page};
}

template <typename T>
void expect_attention(const AttentionRung<T>& rung, const AttentionShape& shape,
                      const tests::Pass& pass, const Inputs<T>& inputs,
                      std::vector<double> expected, const lab::Tolerance& tolerance) {
    const std::int64_t width = shape.kv_heads * shape.head_dim;
    lab::RungCheck check("attention", rung.name);
    flash_attention::Attention<T> op{.q = check.input("q", inputs.q), .shape = shape};
    // The view serves writers, too; RungCheck sees to it that nobody writes here.
    op.cache = {const_cast<T*>(check.input("keys", pass.in_pages(inputs.keys, width))),
                const_cast<T*>(check.input("values", pass.in_pages(inputs.values, width))),
                pass.page_count(), pass.page};
    op.batch = pass.on_device(check);
    op.out = check.output<T>(
        "out", {std::move(expected), {pass.tokens() * shape.heads, shape.head_dim}, tolerance});
    const auto result = check.run(rung, op);
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << pass.tokens() << " tokens, the last at " << pass.positions.back()
                             << ", " << shape.heads << " / " << shape.kv_heads << " heads of "
                             << shape.head_dim << ", window " << shape.window << ", pages of "
                             << pass.page;
}

template <typename T>
void expect_attention(const AttentionRung<T>& rung, const Prompt& prompt) {
    const auto inputs = inputs_of<T>(prompt);
    const auto expected = expected_of(prompt, inputs);
    for (const std::int64_t page : {0, 16}) {
        expect_attention<T>(rung, prompt.shape, pass_of(prompt, page), inputs, expected,
                            tests::attention_tolerance<T>(expected, prompt.shape.head_dim));
    }
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
            const auto prompt = sized(67, start, 2, 1, 5, window);
            auto inputs = inputs_of<float>(prompt);
            std::fill(inputs.q.begin(), inputs.q.end(), 0.0F);
            inputs.values = lab::integers(static_cast<std::int64_t>(inputs.values.size()), -50, 60,
                                          lab::test_seed());
            expect_attention<float>(
                rung(), prompt.shape, pass_of(prompt, 7), inputs, expected_of(prompt, inputs),
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
        const Prompt piece = sized(60 - start, start, 4, 2, 24, 25);
        const std::ptrdiff_t before = start * 4 * 24;
        auto rest = inputs;
        rest.q.assign(inputs.q.begin() + before, inputs.q.end());
        expect_attention<float>(rung(), piece.shape, pass_of(piece), rest,
                                {expected.begin() + before, expected.end()},
                                tests::attention_tolerance<float>(expected, 24));
    }
}

// A NaN and an infinite logit reach the tokens that see them, and no other.
TEST_P(AttentionFloat, PassesOnWhatIsNoNumber) {
    for (const float strange :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const auto prompt = sized(50, 0, 2, 2, 8, 10);
        auto inputs = inputs_of<float>(prompt);
        std::fill(inputs.q.begin(), inputs.q.end(), 1.0F);
        inputs.keys[20 * 16 + 3] = strange;  // position 20, first head: tokens 20 to 29 see it
        const tests::DevicePass pass(pass_of(prompt));
        DeviceBuffer<float> q(inputs.q);
        DeviceBuffer<float> keys(inputs.keys);
        DeviceBuffer<float> values(inputs.values);
        DeviceBuffer<float> out(inputs.q.size());
        flash_attention::Attention<float> op{.q = q.data(),
                                             .cache = {keys.data(), values.data(), 1, 50},
                                             .out = out.data(),
                                             .batch = pass.batch,
                                             .shape = prompt.shape};
        DeviceBuffer<std::byte> workspace(rung().workspace(op));
        op.workspace = {workspace.data(), workspace.size()};
        rung().run(op, nullptr);
        const auto result = out.download();
        for (std::size_t i = 0; i < result.size(); ++i) {
            const std::size_t token = i / 16;
            const bool sees = 20 <= token && token < 30 && i % 16 < 8;
            EXPECT_EQ(std::isnan(result[i]), sees) << "token " << token << ", element " << i % 16;
        }
    }
}

// Two prompts in one pass, with rows of padding between and after them: each as if it were alone.
template <typename T>
void expect_two_prompts(const AttentionRung<T>& rung) {
    const AttentionShape shape = sized(0, 0, 4, 2, 20, 9).shape;
    constexpr std::int64_t capacity = 40;
    constexpr std::int64_t width = 2 * 20;
    constexpr std::int64_t row = 4 * 20;
    for (const std::int64_t page : {8, 40}) {
        std::vector<std::int32_t> owners, positions;
        for (std::int32_t p = 5; p < 22; ++p) owners.push_back(1), positions.push_back(p);
        for (int i = 0; i < 3; ++i) owners.push_back(-1), positions.push_back(7);
        for (std::int32_t p = 0; p < 40; ++p) owners.push_back(0), positions.push_back(p);
        owners.push_back(-1), positions.push_back(-1);
        const tests::Pass pass(owners, positions, 2, capacity, page);
        const Inputs<T> inputs(pass.tokens(), 2 * capacity, shape.heads, shape.kv_heads,
                               shape.head_dim, lab::test_seed());
        std::vector<double> expected(static_cast<std::size_t>(pass.tokens() * row), NAN);
        const auto place = [&](std::int64_t first, std::int64_t count, std::int64_t sequence,
                               std::int64_t start) {
            const auto part = [&](const std::vector<T>& values, std::int64_t from,
                                  std::int64_t size) {
                const auto wide = tests::widened(values);
                return std::vector<float>(wide.begin() + from, wide.begin() + from + size);
            };
            const auto alone = lab::reference::attention(
                part(inputs.q, first * row, count * row),
                part(inputs.keys, sequence * capacity * width, capacity * width),
                part(inputs.values, sequence * capacity * width, capacity * width), start,
                reference_sizes(shape));
            std::copy(alone.begin(), alone.end(), expected.begin() + first * row);
        };
        place(0, 17, 1, 5);
        place(20, 40, 0, 0);
        expect_attention<T>(rung, shape, pass, inputs, expected,
                            tests::attention_tolerance<T>(expected, shape.head_dim));
    }
}

TEST_P(AttentionFloat, AttendsWithinEachOfTwoPrompts) {
    expect_two_prompts<float>(rung());
}
TEST_P(AttentionBf16, AttendsWithinEachOfTwoPrompts) {
    expect_two_prompts<__nv_bfloat16>(rung());
}

// A sequence, a position and a page that do not exist.
TEST_P(AttentionFloat, GivesNanForATokenOutsideTheCache) {
    const AttentionShape shape = sized(0, 0, 2, 1, 8).shape;
    tests::Pass pass({0, 2, -1, 0, 0, 1}, {3, 3, 3, 12, -1, 5}, 2, 12, 4);
    pass.pages[1 * 3 + 1] = 99;  // of sequence 1, positions 4 to 7
    const Inputs<float> inputs(6, 24, 2, 1, 8, lab::test_seed());
    std::vector<double> expected(6 * 16, NAN);
    const auto first = lab::reference::attention(
        std::span(inputs.q).first(16), std::span(inputs.keys).first(12 * 8),
        std::span(inputs.values).first(12 * 8), 3, reference_sizes(shape));
    std::copy(first.begin(), first.end(), expected.begin());
    lab::RungCheck check("attention", rung().name);
    flash_attention::Attention<float> op{.q = check.input("q", inputs.q), .shape = shape};
    // Sequence 0 alone has all its pages; in_pages() cannot be asked for page 99.
    tests::Pass whole = pass;
    whole.pages[1 * 3 + 1] = whole.pages[1 * 3];
    op.cache = {const_cast<float*>(check.input("keys", whole.in_pages(inputs.keys, 8))),
                const_cast<float*>(check.input("values", whole.in_pages(inputs.values, 8))), 6, 4};
    op.batch = pass.on_device(check);
    op.out = check.output<float>("out",
                                 {expected, {12, 8}, tests::attention_tolerance<float>(first, 8)});
    const auto result = check.run(rung(), op);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(AttentionFloat, DoesNothingForAnEmptyResult) {
    const auto run = rung().run;
    const auto empty = [](std::int64_t tokens, AttentionShape shape) {
        return flash_attention::Attention<float>{.batch = {.tokens = tokens}, .shape = shape};
    };
    EXPECT_NO_THROW(run(empty(0, {2, 1, 8, 0, 1}), nullptr));
    EXPECT_NO_THROW(run(empty(3, {0, 0, 8, 0, 1}), nullptr));
    EXPECT_NO_THROW(run(empty(3, {2, 1, 0, 0, 1}), nullptr));
}

TEST_P(AttentionFloat, RefusesBadArguments) {
    tests::expect_refusal_of_bad_attention(rung());
}

TEST(AttentionWorkspace, TooSmallGetsASentence) {
    lab::GuardedBuffer<float> memory(64);
    lab::GuardedBuffer<std::int32_t> numbers(std::vector<std::int32_t>{0, 1, 0, 1});
    flash_attention::Attention<float> op{
        .q = memory.data(),
        .cache = {memory.data(), memory.data(), 1, 4},
        .out = memory.data(),
        .batch = {.tokens = 2, .longest = 4, .sequences = 1, .pages_per_sequence = 1},
        .shape = {4, 2, 4, 0, 1}};
    op.batch.positions = op.batch.owners = op.batch.pages = numbers.data();
    try {
        flash_attention::v1_three_kernels(op, nullptr);
        FAIL() << "ran without workspace";
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(
            error.what(),
            "attention v1_three_kernels: the workspace has 0 bytes and needs at least 256; "
            "hand in as many as the rung's workspace() says");
    }
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
