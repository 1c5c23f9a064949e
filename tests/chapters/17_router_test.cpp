#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/experts.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using mixture_of_experts::RouterShape;

using Floats = std::vector<float>;

using Router = tests::EveryRung<mixture_of_experts::router_ladder>;
T2T_EVERY_RUNG(Router);

// Logits must lie within ±20.
lab::Comparison route(const auto& rung, RouterShape shape, const Floats& logits) {
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
    return check.run([&] { rung.run(x, chosen, shares, shape, nullptr); });
}

TEST_P(Router, ChoosesForEveryShape) {
    const std::vector<RouterShape> shapes{
        {1, 1, 1},  {1, 8, 2},   {2, 4, 4},   {31, 8, 3},  {32, 5, 1},    {33, 7, 2},
        {97, 4, 2}, {255, 8, 8}, {257, 8, 2}, {19, 64, 6}, {3, 257, 257}, {1001, 8, 2},
    };
    for (const RouterShape& shape : shapes) {
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
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {0, 8, 2}, nullptr));
}

TEST_P(Router, RefusesBadArguments) {
    lab::GuardedBuffer<float> input(64), part(64);
    lab::GuardedBuffer<std::int32_t> number(64);
    const float* logits = input.data();
    std::int32_t* chosen = number.data();
    float* shares = part.data();
    const auto odd = [](auto* pointer) {  // not 4-byte aligned
        return reinterpret_cast<decltype(pointer)>(reinterpret_cast<std::uintptr_t>(pointer) + 2);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    EXPECT_THROW(run(logits, chosen, shares, {-1, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {4, -8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {4, 8, 0}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {4, 8, -1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {4, 8, 9}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {0, 0, 1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, shares, {most / 8, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(nullptr, chosen, shares, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, nullptr, shares, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, nullptr, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(odd(logits), chosen, shares, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, odd(chosen), shares, {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, chosen, odd(shares), {4, 8, 2}, nullptr), std::invalid_argument);
    EXPECT_TRUE(number.unchanged() && part.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
