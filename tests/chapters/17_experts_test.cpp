#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/experts.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using mixture_of_experts::Experts;

using Ids = std::vector<std::int32_t>;
using Floats = std::vector<float>;

template <typename T>
Floats widened(const std::vector<T>& values) {
    Floats floats;
    for (const T& value : values) floats.push_back(static_cast<float>(value));
    return floats;
}

template <typename T>
constexpr bool is_bf16 = sizeof(T) == 2;

// What rounding to T may change, relative to the value: half of the distance between neighbours.
template <typename T>
constexpr double rounding = is_bf16<T> ? 0x1p-9 : 0x1p-24;

struct ExpertsShape {
    std::int64_t tokens, width, inner, experts, top_k;
    ActivationFunction function = ActivationFunction::silu;
};

template <typename T, typename Weight>
struct Layer {
    ExpertsShape shape;
    std::vector<T> x;
    Ids chosen;
    Floats shares;
    std::vector<Weight> gate_up, down;

    lab::reference::ExpertsSizes sizes() const {
        return {shape.width, shape.inner, shape.experts, shape.top_k, shape.function};
    }

    std::vector<double> expected() const {
        return lab::reference::experts(widened(x), chosen, shares, widened(gate_up), widened(down),
                                       sizes());
    }

    // The largest √(Σ term²) over the elements of y, whose terms are share · hidden · down: errors
    // that are independent and in proportion to their terms add up to this much.
    double spread() const {
        const auto hidden =
            lab::reference::experts_hidden(widened(x), chosen, widened(gate_up), sizes());
        const Floats factors = widened(down);
        double most = 0;
        for (std::int64_t t = 0; t < shape.tokens; ++t) {
            for (std::int64_t row = 0; row < shape.width; ++row) {
                double squares = 0;
                for (std::int64_t slot = t * shape.top_k; slot < (t + 1) * shape.top_k; ++slot) {
                    const std::int64_t expert = chosen[slot];
                    if (expert < 0 || expert >= shape.experts) continue;
                    const float* weights = &factors[(expert * shape.width + row) * shape.inner];
                    for (std::int64_t i = 0; i < shape.inner; ++i) {
                        squares +=
                            std::pow(shares[slot] * hidden[slot * shape.inner + i] * weights[i], 2);
                    }
                }
                most = std::max(most, std::sqrt(squares));
            }
        }
        return most;
    }

    lab::Tolerance tolerance() const {
        const double sums = std::sqrt(shape.width) + std::sqrt(shape.inner * shape.top_k) + 16;
        return lab::Tolerance::relative_to_scale(
            (4 * rounding<T> + 4 * 0x1p-24 * sums) * spread(),
            "(4u + 4ε(√width + √terms + 16)) · √(Σ term²): every hidden value is rounded to T "
            "once, a relative error of u at most, and comes from fp32 sums over the width; "
            "the terms are summed in fp32");
    }
};

// Gate and up around 0.5 ± 1, so that silu is used where it is curved; y about as large.
template <typename T, typename Weight>
Layer<T, Weight> random_layer(ExpertsShape shape) {
    const std::uint64_t seed = lab::test_seed() + 10 * shape.width + shape.inner;
    const double width = shape.width;
    const double inner = std::max<double>(shape.inner, 1);
    const std::int64_t slots = shape.tokens * shape.top_k;
    return {shape,
            lab::normal<T>(shape.tokens * shape.width, 0.5, 1, seed),
            lab::integers<std::int32_t>(slots, 0, shape.experts - 1, seed + 1),
            lab::uniform(slots, 0.1, 0.9, seed + 2),
            lab::normal<Weight>(shape.experts * 2 * shape.inner * shape.width, 1 / width,
                                1 / std::sqrt(width), seed + 3),
            lab::normal<Weight>(shape.experts * shape.width * shape.inner, 1 / inner,
                                1 / std::sqrt(inner), seed + 4)};
}

// Every sum is of whole numbers, and silu(gate) is gate: from 40 on, 1 + exp(−gate) is 1 in fp32.
template <typename T, typename Weight>
Layer<T, Weight> exact_layer(ExpertsShape shape) {
    const std::uint64_t seed = lab::test_seed() + shape.width;
    const std::int64_t slots = shape.tokens * shape.top_k;
    Layer<T, Weight> layer{
        shape,
        lab::integers<T>(shape.tokens * shape.width, -2, 2, seed),
        lab::integers<std::int32_t>(slots, 0, shape.experts - 1, seed + 1),
        lab::integers(slots, 1, 8, seed + 2),
        lab::integers<Weight>(shape.experts * 2 * shape.inner * shape.width, -1, 1, seed + 3),
        lab::integers<Weight>(shape.experts * shape.width * shape.inner, -3, 3, seed + 4)};
    for (float& share : layer.shares) share /= 8;
    // x starts each row with 1, and gate meets it with a large weight. A product of gate and up
    // must fit 8 bits where it is rounded to bf16: there gate is that weight alone, a power of two.
    for (std::int64_t t = 0; t < shape.tokens; ++t) layer.x[t * shape.width] = T(1.0f);
    for (std::int64_t row = 0; row < shape.experts * 2 * shape.inner; ++row) {
        if (row / shape.inner % 2 == 1) continue;  // a row of up
        Weight* weights = &layer.gate_up[row * shape.width];
        if (is_bf16<T>) std::fill_n(weights, shape.width, Weight(0.0f));
        weights[0] = Weight(row % 3 == 0 ? 128.0f : 256.0f);
    }
    return layer;
}

template <typename T, typename Weight>
lab::Comparison run_layer(const auto& rung, const Layer<T, Weight>& layer,
                          const lab::Tolerance& tolerance) {
    const ExpertsShape shape = layer.shape;
    lab::RungCheck check("experts", rung.name);
    const T* x = check.input("x", layer.x);
    const std::int32_t* chosen = check.input("chosen", layer.chosen);
    const float* shares = check.input("shares", layer.shares);
    const Weight* gate_up = check.input("gate_up", layer.gate_up);
    const Weight* down = check.input("down", layer.down);
    float* y = check.output<float>("y", {layer.expected(), {shape.tokens, shape.width}, tolerance});
    return check.run(rung, {.x = x,
                            .chosen = chosen,
                            .shares = shares,
                            .gate_up = gate_up,
                            .down = down,
                            .y = y,
                            .tokens = shape.tokens,
                            .width = shape.width,
                            .inner = shape.inner,
                            .experts = shape.experts,
                            .top_k = shape.top_k,
                            .function = shape.function});
}

template <typename T, typename Weight>
void test_every_shape(const auto& rung) {
    // Tokens, width, inner, experts, top_k: all different, widths that no vector and no group of
    // rows divides, one lane's work, one past what a warp takes at a time.
    const std::vector<ExpertsShape> shapes{
        {1, 1, 1, 1, 1},
        {1, 8, 16, 4, 2},
        {2, 16, 8, 8, 3},
        {3, 7, 5, 4, 1},
        {5, 31, 33, 8, 2},
        {2, 33, 31, 4, 4},
        {4, 24, 97, 8, 3},
        {3, 97, 40, 1, 1},
        {7, 32, 36, 8, 2},
        {2, 257, 66, 4, 3},
        {6, 40, 264, 8, 8},
        {9, 192, 128, 8, 2},
        {3, 24, 33, 4, 2, ActivationFunction::gelu_tanh},
        {3, 24, 33, 4, 2, ActivationFunction::relu},
    };
    for (const ExpertsShape& shape : shapes) {
        const auto layer = random_layer<T, Weight>(shape);
        const auto result = run_layer(rung, layer, layer.tolerance());
        EXPECT_TRUE(result.ok()) << "width " << shape.width << ", inner " << shape.inner << "\n"
                                 << result.message();
    }
}

template <typename T, typename Weight>
void test_whole_numbers(const auto& rung) {
    for (const ExpertsShape& shape : std::vector<ExpertsShape>{
             {3, 32, 24, 4, 2}, {4, 13, 35, 8, 3}, {2, 40, 7, 4, 1}, {5, 9, 48, 1, 1}}) {
        const auto result = run_layer(rung, exact_layer<T, Weight>(shape), lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << "width " << shape.width << ", inner " << shape.inner << "\n"
                                 << result.message();
    }
}

// The weights lie in the middle of larger arrays, so that a kernel that reads those of expert −1 or
// of one past the last finds numbers, and not the margin's NaN.
template <typename T, typename Weight>
void test_unknown_experts(const auto& rung) {
    using Limits = std::numeric_limits<std::int32_t>;
    const ExpertsShape all{6, 8, 12, 6, 2};
    auto layer = random_layer<T, Weight>(all);
    const std::int64_t gate_up_size = 2 * all.inner * all.width;  // of one expert
    const std::int64_t down_size = all.width * all.inner;
    lab::RungCheck check("experts that do not exist,", rung.name);
    const Weight* gate_up = check.input("gate_up", layer.gate_up) + gate_up_size;
    const Weight* down = check.input("down", layer.down) + down_size;

    layer.shape.experts = 4;
    layer.gate_up = {layer.gate_up.begin() + gate_up_size, layer.gate_up.end() - gate_up_size};
    layer.down = {layer.down.begin() + down_size, layer.down.end() - down_size};
    layer.chosen = {0, 3, -1, 2, 1, 4, 3, 0, Limits::max(), Limits::min(), 2, 2};
    layer.shares[2] = 0;  // an answer that does not exist is not one that counts nothing
    const T* x = check.input("x", layer.x);
    const std::int32_t* chosen = check.input("chosen", layer.chosen);
    const float* shares = check.input("shares", layer.shares);
    float* y =
        check.output<float>("y", {layer.expected(), {all.tokens, all.width}, layer.tolerance()});
    const auto result = check.run(rung, {x, chosen, shares, gate_up, down, y, all.tokens, all.width,
                                         all.inner, layer.shape.experts, all.top_k});
    EXPECT_TRUE(result.ok()) << result.message();
}

// To the bit: a token alone gives what it gives among others.
template <typename T, typename Weight>
void test_tokens_alone(const auto& rung) {
    const ExpertsShape shape{5, 40, 30, 4, 2};
    const auto layer = random_layer<T, Weight>(shape);
    const DeviceBuffer<std::int32_t> chosen(layer.chosen);
    const DeviceBuffer<float> shares(layer.shares);
    const DeviceBuffer<Weight> gate_up(layer.gate_up);
    const DeviceBuffer<Weight> down(layer.down);
    const auto run = [&](std::int64_t first, std::int64_t tokens) {
        const DeviceBuffer<T> x(std::vector<T>(layer.x.begin() + first * shape.width,
                                               layer.x.begin() + (first + tokens) * shape.width));
        DeviceBuffer<float> y(tokens * shape.width);
        Experts<T, Weight> op{x.data(),
                              chosen.data() + first * shape.top_k,
                              shares.data() + first * shape.top_k,
                              gate_up.data(),
                              down.data(),
                              y.data(),
                              tokens,
                              shape.width,
                              shape.inner,
                              shape.experts,
                              shape.top_k};
        DeviceBuffer<std::byte> workspace(rung.workspace(op));
        op.workspace = {workspace.data(), workspace.size()};
        rung.run(op, nullptr);
        return y.download();
    };
    const Floats together = run(0, shape.tokens);
    for (std::int64_t token = 0; token < shape.tokens; ++token) {
        const Floats alone = run(token, 1);
        EXPECT_EQ(
            std::memcmp(alone.data(), &together[token * shape.width], alone.size() * sizeof(float)),
            0)
            << rung.name << ": token " << token << " alone differs";
    }
}

template <typename T, typename Weight>
void test_empty_sizes(const auto& rung) {
    EXPECT_NO_THROW(
        rung.run({.tokens = 0, .width = 8, .inner = 8, .experts = 4, .top_k = 2}, nullptr));
    EXPECT_NO_THROW(
        rung.run({.tokens = 3, .width = 0, .inner = 8, .experts = 4, .top_k = 2}, nullptr));
    // Sums over nothing are 0; without any expert the chosen ones do not exist.
    for (const ExpertsShape& shape : std::vector<ExpertsShape>{{3, 8, 0, 4, 2}, {3, 9, 8, 4, 0}}) {
        const auto result =
            run_layer(rung, random_layer<T, Weight>(shape), lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
    Layer<T, Weight> none{{2, 8, 5, 0, 1}, std::vector<T>(16, T(1.0f)), {0, 0}, {1, 1}, {}, {}};
    const auto result = run_layer(rung, none, lab::Tolerance::exact());
    EXPECT_TRUE(result.ok()) << result.message();
}

// x, y and the weights of the experts that can have been chosen, of 3 · 4 · 5 weights each.
template <typename T, typename Weight>
void test_work() {
    using Op = Experts<T, Weight>;
    const Op op{.tokens = 3, .width = 4, .inner = 5, .experts = 8, .top_k = 2};
    EXPECT_EQ(op.work().bytes, 3 * 4 * (sizeof(T) + 4) + 6 * 60 * sizeof(Weight));
    EXPECT_EQ(op.work().flops, 2 * 6 * 60);
    const Op more{.tokens = 9, .width = 4, .inner = 5, .experts = 8, .top_k = 2};
    EXPECT_EQ(more.work().bytes, 9 * 4 * (sizeof(T) + 4) + 8 * 60 * sizeof(Weight));
}

template <typename T, typename Weight>
void test_bad_arguments(const auto& rung) {
    using Op = Experts<T, Weight>;
    lab::GuardedBuffer<T> x(64);
    lab::GuardedBuffer<float> y(64), shares(64);
    lab::GuardedBuffer<Weight> weights(512);
    lab::GuardedBuffer<std::int32_t> chosen(Ids(64, 0));
    Op good{x.data(),
            chosen.data(),
            shares.data(),
            weights.data(),
            weights.data(),
            y.data(),
            2,
            8,
            8,
            2,
            2};
    const std::size_t bytes = rung.workspace(good);
    lab::GuardedBuffer<float> workspace(bytes / sizeof(float));
    good.workspace = std::as_writable_bytes(std::span(workspace.data(), bytes / sizeof(float)));
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung, bad, part);
    };
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("experts: tokens is -1", [](Op& op) { op.tokens = -1; });
    refuses("experts: width is -8", [](Op& op) { op.width = -8; });
    refuses("experts: inner is -8", [](Op& op) { op.inner = -8; });
    refuses("experts: experts is -2", [](Op& op) { op.experts = -2; });
    refuses("experts: top_k is -2", [](Op& op) { op.top_k = -2; });
    refuses("tokens (", [](Op& op) { op.tokens = most / 8; });
    refuses("top_k (", [](Op& op) { op.tokens = 1 << 20, op.top_k = 1L << 43; });
    refuses("inner (", [](Op& op) { op.inner = most / 2, op.experts = 0, op.top_k = 1; });
    refuses("inner (", [](Op& op) { op.inner = most / 4, op.top_k = 0; });
    refuses("experts (", [](Op& op) { op.experts = most / 64; });
    refuses("experts: x is null", [](Op& op) { op.x = nullptr; });
    refuses("experts: chosen is null", [](Op& op) { op.chosen = nullptr; });
    refuses("experts: shares is null", [](Op& op) { op.shares = nullptr; });
    refuses("experts: gate_up is null", [](Op& op) { op.gate_up = nullptr; });
    refuses("experts: down is null", [](Op& op) { op.down = nullptr; });
    refuses("experts: y is null", [](Op& op) { op.y = nullptr; });
    refuses("experts: x is not aligned", [](Op& op) { op.x += 1; });
    refuses("experts: chosen is not aligned", [&](Op& op) { op.chosen = odd(op.chosen); });
    refuses("experts: shares is not aligned", [&](Op& op) { op.shares = odd(op.shares); });
    refuses("experts: gate_up is not aligned", [](Op& op) { op.gate_up += 2; });
    refuses("experts: down is not aligned", [](Op& op) { op.down += 2; });
    refuses("experts: y is not aligned", [](Op& op) { op.y += 1; });
    if (bytes > 0) {
        refuses("the workspace has " + std::to_string(bytes - 4) + " bytes and needs at least",
                [&](Op& op) { op.workspace = op.workspace.first(bytes - 4); });
    }
    EXPECT_TRUE(y.unchanged() && workspace.unchanged()) << "a refused call has written";
}

// One suite for each pair of types that the ladder is made for.
#define EXPERTS_SUITE(Suite, T, Weight)                                            \
    using Suite = tests::EveryRung<mixture_of_experts::experts_ladder<T, Weight>>; \
    T2T_EVERY_RUNG(Suite);                                                         \
    TEST_P(Suite, ComputesEveryShape) {                                            \
        test_every_shape<T, Weight>(rung());                                       \
    }                                                                              \
    TEST_P(Suite, IsExactOnWholeNumbers) {                                         \
        test_whole_numbers<T, Weight>(rung());                                     \
    }                                                                              \
    TEST_P(Suite, GivesNanForExpertsThatDoNotExist) {                              \
        test_unknown_experts<T, Weight>(rung());                                   \
    }                                                                              \
    TEST_P(Suite, GivesATokenTheSameAlone) {                                       \
        test_tokens_alone<T, Weight>(rung());                                      \
    }                                                                              \
    TEST_P(Suite, TakesEmptySizes) {                                               \
        test_empty_sizes<T, Weight>(rung());                                       \
    }                                                                              \
    TEST(Suite##Work, CountsWeightsOnce) {                                         \
        test_work<T, Weight>();                                                    \
    }                                                                              \
    TEST_P(Suite, RefusesBadArguments) {                                           \
        test_bad_arguments<T, Weight>(rung());                                     \
    }

EXPERTS_SUITE(ExpertsFloat, float, float)
EXPERTS_SUITE(ExpertsFloatBf16, float, __nv_bfloat16)
EXPERTS_SUITE(ExpertsBf16, __nv_bfloat16, __nv_bfloat16)

}  // namespace
}  // namespace t2t
