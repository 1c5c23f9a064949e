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

using instructions::Activate;

using ActivationFloat = tests::EveryRung<instructions::activation_ladder<float>>;
using ActivationBf16 = tests::EveryRung<instructions::activation_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(ActivationFloat);
T2T_EVERY_RUNG(ActivationBf16);

constexpr ActivationFunction functions[] = {
    ActivationFunction::gelu_tanh, ActivationFunction::gelu_erf, ActivationFunction::gelu_quick,
    ActivationFunction::silu,      ActivationFunction::relu,     ActivationFunction::tanh,
};

constexpr double epsilon = 0x1p-23;  // from 1 to the next float

// Rounding to T is off by at most this share of the value, and bf16 has 8 bits.
template <typename T>
constexpr double rounding = sizeof(T) == 2 ? 0x1p-8 : 0x1p-24;

// Left of 0, 1 + tanh and 1 + erf keep an absolute error of some last places of 1, and half of |x| ≤ 6
// multiplies it. The other functions do not cancel; the largest of them there is |−6 σ(−6 · …)| ≤ 1.
template <typename T>
lab::Tolerance of_negative() {
    return lab::Tolerance::relative_to_scale(
        3 * 4 * epsilon + rounding<T>,
        "half of |x| <= 6 times four last places of tanh or erf, and the rounding of |y| <= 1");
}

// Right of 0 nothing cancels. e to the power of −1.702 x is off by the rounding of its argument, which is
// below 35 here, and counts only where it is not small against 1.
template <typename T>
lab::Tolerance of_positive() {
    return lab::Tolerance::relative_to_value(
        6 * epsilon + rounding<T>,
        "four last places of tanh, erf or exp, some roundings to fp32 and one to the type of y");
}

template <typename T>
lab::Comparison activated(const Rung<Activate<T>>& rung, ActivationFunction function,
                          const std::vector<float>& values, const lab::Tolerance& tolerance) {
    const auto n = static_cast<std::int64_t>(values.size());
    lab::RungCheck check("activation " + std::string(name_of(function)), rung.name);
    const float* x = check.input("x", values);
    T* y = check.output<T>("y", {lab::reference::activation(function, values), {1, n}, tolerance});
    return check.run(rung, {x, y, n, function});
}

template <typename T>
void computes_every_size(const Rung<Activate<T>>& rung) {
    for (const ActivationFunction function : functions) {
        for (const std::int64_t n : lab::sizes()) {
            const auto left = activated(rung, function, lab::uniform(n, -6, 0, lab::test_seed()),
                                        of_negative<T>());
            EXPECT_TRUE(left.ok()) << left.message();
            const auto right = activated(rung, function, lab::uniform(n, 0, 20, lab::test_seed()),
                                         of_positive<T>());
            EXPECT_TRUE(right.ok()) << right.message();
        }
    }
}
TEST_P(ActivationFloat, ComputesEverySize) {
    computes_every_size(rung());
}
TEST_P(ActivationBf16, ComputesEverySize) {
    computes_every_size(rung());
}

// Far out y is x, 0 or ±1; NaN stays NaN, with relu as well.
TEST_P(ActivationFloat, Saturates) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const ActivationFunction function : functions) {
        const auto result = activated(rung(), function,
                                      {300.0f, 1e30f, -1e30f, infinity, 0.0f, 1e-30f,
                                       std::numeric_limits<float>::quiet_NaN(), 1.0f},
                                      of_positive<float>());
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(ActivationFloat, MayOverwriteItsInput) {
    const std::vector<float> values = lab::uniform(1001, 0, 20, lab::test_seed());
    const auto function = ActivationFunction::gelu_quick;
    lab::RungCheck check("activation in place,", rung().name);
    float* x = check.in_out(
        "x", values,
        {lab::reference::activation(function, values), {1, 1001}, of_positive<float>()});
    const auto result = check.run(rung(), {x, x, 1001, function});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(ActivationBf16, RefusesBadArguments) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<__nv_bfloat16> to(64);
    const float* x = from.data();
    __nv_bfloat16* y = to.data();
    EXPECT_NO_THROW(rung().run({.n = 0}, nullptr));
    tests::expect_refusal(rung(), {x, y, -1}, "activation: n is -1");
    tests::expect_refusal(rung(), {nullptr, y, 4}, "activation: x is null");
    tests::expect_refusal(rung(), {x, nullptr, 4}, "activation: y is null");
    tests::expect_refusal(rung(), {x + 1, y, 4}, "activation: x is not aligned");
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}

// By a table of Φ: Φ(1) = 0.8413447, Φ(−2) = 0.0227501; and σ(1.702) = 0.8457958, σ(1) = 0.7310586,
// tanh(1) = 0.7615942.
TEST(ActivationReference, MatchesValuesWorkedOutByHand) {
    using lab::reference::activation;
    EXPECT_NEAR(activation(ActivationFunction::gelu_erf, 1.0), 0.8413447, 1e-7);
    EXPECT_NEAR(activation(ActivationFunction::gelu_erf, -2.0), -2 * 0.0227501, 2e-7);
    EXPECT_NEAR(activation(ActivationFunction::gelu_tanh, 1.0), 0.841192, 1e-6);
    EXPECT_NEAR(activation(ActivationFunction::gelu_quick, 1.0), 0.8457958, 1e-7);
    EXPECT_NEAR(activation(ActivationFunction::silu, 1.0), 0.7310586, 1e-7);
    EXPECT_EQ(activation(ActivationFunction::relu, -3.0), 0);
    EXPECT_EQ(activation(ActivationFunction::relu, 3.0), 3);
    EXPECT_NEAR(activation(ActivationFunction::tanh, 1.0), 0.7615942, 1e-7);
}

}  // namespace
}  // namespace t2t
