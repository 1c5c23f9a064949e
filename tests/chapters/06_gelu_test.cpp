#include <cstdint>
#include <limits>
#include <vector>

#include "chapters/06_instructions/instructions.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using instructions::Gelu;

using GeluFloat = tests::EveryRung<instructions::gelu_ladder<float>>;
using GeluBf16 = tests::EveryRung<instructions::gelu_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(GeluFloat);
T2T_EVERY_RUNG(GeluBf16);

constexpr double epsilon = 0x1p-23;  // from 1 to the next float

// Rounding to T is off by at most this share of the value, and bf16 has 8 bits.
template <typename T>
constexpr double rounding = sizeof(T) == 2 ? 0x1p-8 : 0x1p-24;

template <typename T>
lab::Comparison gelu(const Rung<Gelu<T>>& rung, const std::vector<float>& values,
                     const lab::Tolerance& tolerance) {
    const auto n = static_cast<std::int64_t>(values.size());
    lab::RungCheck check("gelu", rung.name);
    const float* x = check.input("x", values);
    T* y = check.output<T>("y", {lab::reference::gelu(values), {1, n}, tolerance});
    return check.run(rung, {x, y, n});
}

// Left of 0 tanh is near −1, and 1 + tanh keeps tanh's absolute error alone: one or two last places
// of 1, and what its argument's error makes of it, of ε/2 each. Half of |x| ≤ 6 multiplies them.
// |y| ≤ 0.17 there.
template <typename T>
lab::Tolerance of_negative() {
    return lab::Tolerance::relative_to_scale(
        3 * 4 * epsilon + 0.17 * rounding<T>,
        "half of |x| <= 6 times four last places of tanh, and the rounding of |y| <= 0.17");
}

// Right of 0, 1 + tanh lies between 1 and 2: nothing cancels.
template <typename T>
lab::Tolerance of_positive() {
    return lab::Tolerance::relative_to_value(
        5 * epsilon + rounding<T>,
        "four last places of tanh, three roundings to fp32 and one to the type of y");
}

template <typename T>
void computes_every_size(const Rung<Gelu<T>>& rung) {
    for (const std::int64_t n : lab::sizes()) {
        const auto left = gelu(rung, lab::uniform(n, -6, 0, lab::test_seed()), of_negative<T>());
        EXPECT_TRUE(left.ok()) << left.message();
        const auto right = gelu(rung, lab::uniform(n, 0, 20, lab::test_seed()), of_positive<T>());
        EXPECT_TRUE(right.ok()) << right.message();
    }
}
TEST_P(GeluFloat, ComputesEverySize) {
    computes_every_size(rung());
}
TEST_P(GeluBf16, ComputesEverySize) {
    computes_every_size(rung());
}

// Near 0 it is x / 2, down to the smallest numbers, and the tolerance stays relative.
template <typename T>
void computes_tiny_values(const Rung<Gelu<T>>& rung) {
    std::vector<float> tiny{0.0f, -0.0f, 0x1p-125f, -0x1p-125f};
    for (float x = 1e-3f; x > 1e-30f; x *= 0.3f) tiny.insert(tiny.end(), {x, -x});
    const auto result = gelu(rung, tiny, of_positive<T>());
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(GeluFloat, ComputesTinyValues) {
    computes_tiny_values(rung());
}
TEST_P(GeluBf16, ComputesTinyValues) {
    computes_tiny_values(rung());
}

// Far out y is x or 0. At −∞ the formula is −∞ · 0, which is NaN.
template <typename T>
void saturates(const Rung<Gelu<T>>& rung) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float most = 0x1.fep127f;  // the largest number of bf16
    const auto result = gelu(rung,
                             {20.0f, -20.0f, 300.0f, -300.0f, 0x1p70f, -0x1p70f, most, -most,
                              infinity, -infinity, std::numeric_limits<float>::quiet_NaN(), 1.0f},
                             of_positive<T>());
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(GeluFloat, Saturates) {
    saturates(rung());
}
TEST_P(GeluBf16, Saturates) {
    saturates(rung());
}

TEST_P(GeluFloat, MayOverwriteItsInput) {
    for (const std::int64_t n : {1001, 1024}) {
        const std::vector<float> values = lab::uniform(n, 0, 20, lab::test_seed());
        lab::RungCheck check("gelu in place,", rung().name);
        float* x =
            check.in_out("x", values, {lab::reference::gelu(values), {1, n}, of_positive<float>()});
        const auto result = check.run(rung(), {x, x, n});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

template <typename T>
void does_nothing_for_no_element(const Rung<Gelu<T>>& rung) {
    EXPECT_NO_THROW(rung.run({.n = 0}, nullptr));
}
TEST_P(GeluFloat, DoesNothingForNoElement) {
    does_nothing_for_no_element(rung());
}
TEST_P(GeluBf16, DoesNothingForNoElement) {
    does_nothing_for_no_element(rung());
}

template <typename T>
void refuses_bad_arguments(const Rung<Gelu<T>>& rung) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<T> to(64);
    const float* x = from.data();
    T* y = to.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    tests::expect_refusal(rung, {x, y, -1}, "gelu: n is -1");
    tests::expect_refusal(rung, {x, y, most / 2}, "gelu: n (");
    tests::expect_refusal(rung, {nullptr, y, 4}, "gelu: x is null");
    tests::expect_refusal(rung, {x, nullptr, 4}, "gelu: y is null");
    tests::expect_refusal(rung, {x + 1, y, 4}, "gelu: x is not aligned");
    tests::expect_refusal(rung, {x, y + 1, 4}, "gelu: y is not aligned");
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}
TEST_P(GeluFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(GeluBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// By hand: tanh(√(2/π) · 1.044715) = 0.682384.
TEST(GeluReference, MatchesValuesWorkedOutByHand) {
    const std::vector<double> y = lab::reference::gelu(std::vector<float>{0, 1, -1, 50});
    EXPECT_EQ(y[0], 0);
    EXPECT_NEAR(y[1], 0.841192, 1e-6);
    EXPECT_NEAR(y[2], -0.158808, 1e-6);
    EXPECT_EQ(y[3], 50);
}

}  // namespace
}  // namespace t2t
