#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/experts.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Op = mixture_of_experts::Route;
using Floats = std::vector<float>;

using Router = tests::EveryRung<mixture_of_experts::router_ladder>;
T2T_EVERY_RUNG(Router);

struct Shape {
    std::int64_t tokens, experts, top_k;
};

// Logits must lie within ±20.
lab::Comparison route(const auto& rung, const Shape& shape, const Floats& logits) {
    const auto expected = lab::reference::route(logits, shape.experts, shape.top_k);
    const lab::Extent extent{shape.tokens, shape.top_k};
    const auto tolerance = lab::Tolerance::relative_to_value(
        0x1p-24 * static_cast<double>(40 + 4 + shape.top_k + 1),
        "(40 + 4 + top_k + 1) · 2⁻²⁴: a difference of logits of 40 is off by 40 · 2⁻²⁴, and its "
        "exponential by as much of its value; expf by 2 ulp, the sum by top_k roundings, the "
        "quotient by one");
    lab::RungCheck check("router", rung.name);
    const float* x = check.input("logits", logits);
    auto* chosen = check.output<std::int32_t>("chosen", {expected.chosen, extent});
    auto* shares = check.output<float>("shares", {expected.shares, extent, tolerance});
    return check.run(rung, {x, chosen, shares, shape.tokens, shape.experts, shape.top_k});
}

TEST_P(Router, ChoosesForEveryShape) {
    const std::vector<Shape> shapes{
        {1, 1, 1},  {1, 8, 2},   {2, 4, 4},   {31, 8, 3},  {32, 5, 1},    {33, 7, 2},
        {97, 4, 2}, {255, 8, 8}, {257, 8, 2}, {19, 64, 6}, {3, 257, 257}, {1001, 8, 2},
    };
    for (const Shape& shape : shapes) {
        const auto logits =
            lab::uniform(shape.tokens * shape.experts, -20, 20, lab::test_seed() + shape.tokens);
        const auto result = route(rung(), shape, logits);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// Three values for eight experts: each row has ties, most of them across the last place.
TEST_P(Router, TakesTheLowerNumberOfEquals) {
    for (const std::int64_t top_k : {1, 2, 3, 8}) {
        const auto logits = lab::integers(300 * 8, -1, 1, lab::test_seed() + top_k);
        const auto result = route(rung(), {300, 8, top_k}, logits);
        EXPECT_TRUE(result.ok()) << result.message();
    }
    const auto zeros = route(rung(), {2, 4, 3}, {0.0f, -0.0f, 0.0f, -0.0f, -0.0f, 0.0f, 1, 0.0f});
    EXPECT_TRUE(zeros.ok()) << zeros.message();
}

TEST_P(Router, GivesNanWhereALogitIsNan) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const Floats logits{
        nan, 1,   2,   3,    // first
        3,   2,   1,   nan,  // last
        1,   4,   3,   2,    // none
        nan, nan, nan, nan,  // all
        5,   nan, 7,   6,    // in between
    };
    for (const std::int64_t top_k : {1, 2, 4}) {
        const auto result = route(rung(), {5, 4, top_k}, logits);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// −∞ takes an expert out: it is chosen when no other is left, and its share is 0. Where nothing but
// −∞ is chosen, or an expert at +∞, the softmax is not defined, and its formula gives NaN.
TEST_P(Router, OrdersInfinities) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    const Floats logits{
        -inf, 1,
        -inf, 2,  // two to choose from
        -inf, -inf,
        -inf, 3,  // one
        -inf, -inf,
        -inf, -inf,  // none
        1,    inf,
        2,    -inf,  // +∞
        1,    std::numeric_limits<float>::lowest(),
        -inf, 0,
    };
    for (const std::int64_t top_k : {1, 2, 3, 4}) {
        const auto result = route(rung(), {5, 4, top_k}, logits);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Router, DoesNothingWithoutTokens) {
    EXPECT_NO_THROW(rung().run({.tokens = 0, .experts = 8, .top_k = 2}, nullptr));
}

TEST_P(Router, RefusesBadArguments) {
    lab::GuardedBuffer<float> logits(64), shares(64);
    lab::GuardedBuffer<std::int32_t> chosen(64);
    const Op good{logits.data(), chosen.data(), shares.data(), 4, 8, 2};
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("router: tokens is -1", [](Op& op) { op.tokens = -1; });
    refuses("router: experts is -8", [](Op& op) { op.experts = -8; });
    refuses("router: top_k is 0", [](Op& op) { op.top_k = 0; });
    refuses("router: top_k is -1", [](Op& op) { op.top_k = -1; });
    refuses("router: top_k is 9", [](Op& op) { op.top_k = 9; });
    refuses("router: top_k is 1", [](Op& op) { op.tokens = op.experts = 0, op.top_k = 1; });
    refuses("tokens (", [](Op& op) { op.tokens = most / 8; });
    refuses("router: logits is null", [](Op& op) { op.logits = nullptr; });
    refuses("router: chosen is null", [](Op& op) { op.chosen = nullptr; });
    refuses("router: shares is null", [](Op& op) { op.shares = nullptr; });
    refuses("router: logits is not aligned", [&](Op& op) { op.logits = odd(op.logits); });
    refuses("router: chosen is not aligned", [&](Op& op) { op.chosen = odd(op.chosen); });
    refuses("router: shares is not aligned", [&](Op& op) { op.shares = odd(op.shares); });
    EXPECT_TRUE(chosen.unchanged() && shares.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
