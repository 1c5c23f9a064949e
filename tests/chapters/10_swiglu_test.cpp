#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using fused_kernels::Swiglu;

using SwigluFloat = tests::EveryRung<fused_kernels::swiglu_ladder<float>>;
using SwigluBf16 = tests::EveryRung<fused_kernels::swiglu_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(SwigluFloat);
T2T_EVERY_RUNG(SwigluBf16);

constexpr double epsilon = 0x1p-23;  // from 1 to the next float

// Nothing cancels: 1 + e⁻ˣ adds positive numbers. e⁻ˣ is off by two last places at most; sum,
// quotient and product round once each. The chain rounds to T twice, a fused kernel once, and
// bf16 has 8 bits.
template <typename T>
lab::Tolerance tolerance(std::string_view rung) {
    const double rounding = sizeof(T) == 2 ? 0x1p-8 : 0x1p-24;
    const double times = rung == "v1_swiglu_chain" ? 2 : 1;
    return lab::Tolerance::relative_to_value(
        4 * epsilon + 1.01 * times * rounding,
        "two last places of exp, three roundings to fp32, and to the type of y once, or twice in "
        "the chain");
}

template <typename T>
lab::Comparison swiglu(const Rung<Swiglu<T>>& rung, const std::vector<float>& values,
                       lab::Extent extent) {
    lab::RungCheck check("swiglu", rung.name);
    const float* gate_up = check.input("gate_up", values);
    T* y = check.output<T>(
        "y", {lab::reference::swiglu(values, extent), extent, tolerance<T>(rung.name)});
    return check.run(rung, {gate_up, y, extent.rows, extent.columns});
}

template <typename T>
void computes_every_shape(const Rung<Swiglu<T>>& rung) {
    const std::vector<lab::Extent> extents{{1, 1},   {1, 2},     {2, 1},     {3, 31},   {5, 32},
                                           {33, 33}, {257, 13},  {13, 255},  {7, 256},  {2, 257},
                                           {1, 769}, {101, 130}, {40, 1003}, {3, 14336}};
    for (const lab::Extent& extent : extents) {
        const auto values = lab::normal(extent.rows * 2 * extent.columns, 0.5, 8, lab::test_seed());
        const auto result = swiglu(rung, values, extent);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(SwigluFloat, ComputesEveryShape) {
    computes_every_shape(rung());
}
TEST_P(SwigluBf16, ComputesEveryShape) {
    computes_every_shape(rung());
}

// Other functions of the gate. Left of 0 the two GELUs cancel, so gates are positive here.
template <typename T>
void computes_every_function(const Rung<Swiglu<T>>& rung) {
    constexpr lab::Extent extent{13, 257};
    for (const ActivationFunction function :
         {ActivationFunction::silu, ActivationFunction::gelu_tanh, ActivationFunction::gelu_erf,
          ActivationFunction::gelu_quick, ActivationFunction::relu, ActivationFunction::tanh}) {
        const auto values = lab::uniform(2 * extent.count(), 0.1, 9, lab::test_seed());
        lab::RungCheck check("swiglu with " + std::string(name_of(function)), rung.name);
        const float* gate_up = check.input("gate_up", values);
        T* y = check.output<T>("y", {lab::reference::swiglu(values, extent, function), extent,
                                     tolerance<T>(rung.name)});
        const auto result = check.run(rung, {.gate_up = gate_up,
                                             .y = y,
                                             .rows = extent.rows,
                                             .width = extent.columns,
                                             .function = function});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(SwigluFloat, ComputesEveryFunction) {
    computes_every_function(rung());
}
TEST_P(SwigluBf16, ComputesEveryFunction) {
    computes_every_function(rung());
}

// More rows than a grid has blocks along y or z (65,535).
template <typename T>
void computes_a_very_long_column(const Rung<Swiglu<T>>& rung) {
    constexpr lab::Extent extent{65'535 + 3, 1};
    const auto values = lab::normal(extent.rows * 2, 0.5, 3, lab::test_seed());
    const auto result = swiglu(rung, values, extent);
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(SwigluFloat, ComputesAVeryLongColumn) {
    computes_a_very_long_column(rung());
}
TEST_P(SwigluBf16, ComputesAVeryLongColumn) {
    computes_a_very_long_column(rung());
}

// Gates so far out that e⁻ˣ is 0 or ∞. At −∞ the formula is −∞ / ∞, which is NaN.
template <typename T>
void saturates(const Rung<Swiglu<T>>& rung) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> gates{0,   -0.0f,    1e-30f,    -1e-30f, 20, -20, 80, -80,
                                   1e4, infinity, -infinity, nan,     1,  0,   -1, -1e4};
    const std::vector<float> ups{3,  3, 2, 2, -1.5f,    -1.5f,    0.5f, 0.5f,
                                 -7, 2, 2, 2, infinity, infinity, nan,  5};
    std::vector<float> values = gates;
    values.insert(values.end(), ups.begin(), ups.end());
    const auto result = swiglu(rung, values, {1, static_cast<std::int64_t>(gates.size())});
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(SwigluFloat, Saturates) {
    saturates(rung());
}
TEST_P(SwigluBf16, Saturates) {
    saturates(rung());
}

template <typename T>
void does_nothing_for_an_empty_matrix(const Rung<Swiglu<T>>& rung) {
    EXPECT_NO_THROW(rung.run({.rows = 0, .width = 5}, nullptr));
    EXPECT_NO_THROW(rung.run({.rows = 5, .width = 0}, nullptr));
}
TEST_P(SwigluFloat, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}
TEST_P(SwigluBf16, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}

template <typename T>
void refuses_bad_arguments(const Rung<Swiglu<T>>& rung) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<T> to(64);
    const float* gate_up = from.data();
    T* y = to.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto refuses = [&](const std::string& part, const Swiglu<T>& bad) {
        const std::string said = tests::complaint([&] { rung.run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    refuses("swiglu: rows is -4; a size is 0 or more", {gate_up, y, -4, 8});
    refuses("swiglu: width is -8; a size is 0 or more", {gate_up, y, 4, -8});
    refuses("swiglu: rows is -4", {gate_up, y, -4, -8});
    refuses("swiglu: width is -8", {gate_up, y, 0, -8});
    // 2 · rows · width floats overflow, rows · width of them would not.
    refuses("do not fit a 64-bit offset", {gate_up, y, most / 16, 3});
    refuses("do not fit a 64-bit offset", {gate_up, y, 1, most / 8 + 1});
    refuses("swiglu: gate_up is null", {nullptr, y, 4, 8});
    refuses("swiglu: y is null", {gate_up, nullptr, 4, 8});
    refuses("swiglu: gate_up is not aligned", {gate_up + 1, y, 4, 8});
    refuses("swiglu: y is not aligned", {gate_up, y + 1, 4, 8});
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}
TEST_P(SwigluFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(SwigluBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// silu(1) = 1 / (1 + 1/e) = 0.731059.
TEST(SwigluReference, MatchesValuesWorkedOutByHand) {
    const std::vector<double> y =
        lab::reference::swiglu(std::vector<float>{1, 0, 10, 7, -1, 1, 2, 3}, {2, 2});
    EXPECT_NEAR(y[0], 7.31059, 1e-5);
    EXPECT_EQ(y[1], 0);
    EXPECT_NEAR(y[2], -0.537883, 1e-6);
    EXPECT_NEAR(y[3], 2.193176, 1e-6);
    EXPECT_THROW(lab::reference::swiglu(std::vector<float>(3), {1, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace t2t
