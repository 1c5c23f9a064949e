#include <cstdint>
#include <limits>
#include <string>

#include "chapters/09_normalization/normalization.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/normalization.hpp"
#include "tests/chapters/norm_inputs.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using normalization::LayerNorm;
using normalization::RmsNorm;

using LayerNormFloat = tests::EveryRung<normalization::layer_norm_ladder<float>>;
using LayerNormBf16 = tests::EveryRung<normalization::layer_norm_ladder<__nv_bfloat16>>;
using RmsNormFloat = tests::EveryRung<normalization::rms_norm_ladder<float>>;
using RmsNormBf16 = tests::EveryRung<normalization::rms_norm_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(LayerNormFloat);
T2T_EVERY_RUNG(LayerNormBf16);
T2T_EVERY_RUNG(RmsNormFloat);
T2T_EVERY_RUNG(RmsNormBf16);

using tests::biases;
using tests::rows_around;
using tests::under_root;
using tests::weights;

// Rows × width. A thread, a warp and a block each get too little, just enough and one too much.
const std::vector<lab::Extent> extents{
    {1, 1},    {2, 1},    {3, 2},   {5, 31},   {7, 32},  {4, 33},   {33, 5},   {31, 97}, {6, 255},
    {257, 13}, {11, 256}, {9, 257}, {2, 1001}, {5, 768}, {3, 2048}, {2, 2049}, {1, 4099}};

template <typename T>
lab::Comparison layer_norm(const Rung<LayerNorm<T>>& rung, const std::vector<float>& values,
                           lab::Extent extent) {
    const auto [rows, width] = extent;
    const auto expected = lab::reference::layer_norm(values, weights(width), biases(width), extent,
                                                     double{under_root});
    lab::RungCheck check("layer_norm", rung.name);
    const float* x = check.input("x", values);
    const float* weight = check.input("weight", weights(width));
    const float* bias = check.input("bias", biases(width));
    T* y = check.output<T>(
        "y", {expected, extent, tests::layer_norm_tolerance<T>(values, extent, expected)});
    return check.run(rung, {x, weight, bias, y, rows, width, under_root});
}

template <typename T>
lab::Comparison rms_norm(const Rung<RmsNorm<T>>& rung, const std::vector<float>& values,
                         lab::Extent extent) {
    const auto [rows, width] = extent;
    lab::RungCheck check("rms_norm", rung.name);
    const float* x = check.input("x", values);
    const float* weight = check.input("weight", weights(width));
    T* y = check.output<T>(
        "y", {lab::reference::rms_norm(values, weights(width), extent, double{under_root}), extent,
              tests::rms_norm_tolerance<T>(width)});
    return check.run(rung, {x, weight, y, rows, width, under_root});
}

// One call for both norms, so that the cases below serve both.
template <typename T>
lab::Comparison norm(const Rung<LayerNorm<T>>& rung, const std::vector<float>& values,
                     lab::Extent extent) {
    return layer_norm(rung, values, extent);
}
template <typename T>
lab::Comparison norm(const Rung<RmsNorm<T>>& rung, const std::vector<float>& values,
                     lab::Extent extent) {
    return rms_norm(rung, values, extent);
}

void normalises_every_shape(const auto& rung) {
    for (const lab::Extent extent : extents) {
        const auto result = norm(rung, rows_around(2, extent), extent);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(LayerNormFloat, NormalisesEveryShape) {
    normalises_every_shape(rung());
}
TEST_P(LayerNormBf16, NormalisesEveryShape) {
    normalises_every_shape(rung());
}
TEST_P(RmsNormFloat, NormalisesEveryShape) {
    normalises_every_shape(rung());
}
TEST_P(RmsNormBf16, NormalisesEveryShape) {
    normalises_every_shape(rung());
}

// Mean 1000, deviation 1: the mean of x² less the square of the mean would be off by several per
// cent, ten times the tolerance.
void normalises_rows_far_from_zero(const auto& rung) {
    for (const lab::Extent extent : {lab::Extent{7, 768}, {3, 33}}) {
        const auto result = norm(rung, rows_around(1000, extent), extent);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(LayerNormFloat, NormalisesRowsFarFromZero) {
    normalises_rows_far_from_zero(rung());
}
TEST_P(LayerNormBf16, NormalisesRowsFarFromZero) {
    normalises_rows_far_from_zero(rung());
}
TEST_P(RmsNormFloat, NormalisesRowsFarFromZero) {
    normalises_rows_far_from_zero(rung());
}
TEST_P(RmsNormBf16, NormalisesRowsFarFromZero) {
    normalises_rows_far_from_zero(rung());
}

// Rows so small that ε is most of what stands under the root, and rows of zeros, where it is all.
void adds_epsilon_under_the_root(const auto& rung) {
    constexpr lab::Extent extent{4, 70};
    auto values = lab::normal(extent.rows * extent.columns, 1e-3, 2e-3, lab::test_seed());
    std::fill(values.begin() + extent.columns, values.begin() + 2 * extent.columns, 0.0f);
    const auto result = norm(rung, values, extent);
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(LayerNormFloat, AddsEpsilonUnderTheRoot) {
    adds_epsilon_under_the_root(rung());
}
TEST_P(LayerNormBf16, AddsEpsilonUnderTheRoot) {
    adds_epsilon_under_the_root(rung());
}
TEST_P(RmsNormFloat, AddsEpsilonUnderTheRoot) {
    adds_epsilon_under_the_root(rung());
}
TEST_P(RmsNormBf16, AddsEpsilonUnderTheRoot) {
    adds_epsilon_under_the_root(rung());
}

// A NaN or an infinity spoils its own row and no other.
void keeps_nan_in_its_row(const auto& rung) {
    constexpr lab::Extent extent{5, 300};
    auto values = rows_around(0, extent);
    values[1 * extent.columns + 299] = std::numeric_limits<float>::quiet_NaN();
    values[3 * extent.columns + 7] = std::numeric_limits<float>::infinity();
    const auto result = norm(rung, values, extent);
    EXPECT_TRUE(result.ok()) << result.message();
}
TEST_P(LayerNormFloat, KeepsNanInItsRow) {
    keeps_nan_in_its_row(rung());
}
TEST_P(LayerNormBf16, KeepsNanInItsRow) {
    keeps_nan_in_its_row(rung());
}
TEST_P(RmsNormFloat, KeepsNanInItsRow) {
    keeps_nan_in_its_row(rung());
}
TEST_P(RmsNormBf16, KeepsNanInItsRow) {
    keeps_nan_in_its_row(rung());
}

void does_nothing_for_an_empty_matrix(const auto& rung) {
    EXPECT_NO_THROW(rung.run({.rows = 0, .width = 5, .epsilon = under_root}, nullptr));
    EXPECT_NO_THROW(rung.run({.rows = 5, .width = 0, .epsilon = under_root}, nullptr));
}
TEST_P(LayerNormFloat, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}
TEST_P(LayerNormBf16, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}
TEST_P(RmsNormFloat, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}
TEST_P(RmsNormBf16, DoesNothingForAnEmptyMatrix) {
    does_nothing_for_an_empty_matrix(rung());
}

// What `rung` says of `good` after `spoil` has changed it.
template <typename Norm, typename Spoil>
void refuses(const Rung<Norm>& rung, const std::string& part, Norm good, Spoil spoil) {
    spoil(good);
    const std::string said = tests::complaint([&] { rung.run(good, nullptr); });
    EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
}

// Arguments that no norm accepts; `good` has buffers for 4 × 8.
template <typename Norm>
void refuses_what_both_refuse(const Rung<Norm>& rung, const std::string& name, const Norm& good) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const auto bad = [&](const std::string& part, auto spoil) {
        refuses(rung, name + ": " + part, good, spoil);
    };
    bad("rows is -1; a size is 0 or more", [](Norm& op) { op.rows = -1; });
    bad("width is -8; a size is 0 or more", [](Norm& op) { op.width = -8; });
    bad("rows is -4", [](Norm& op) { op.rows = -4, op.width = -8; });
    bad("width is -8", [](Norm& op) { op.rows = 0, op.width = -8; });
    bad("rows (", [](Norm& op) { op.rows = most / 8; });
    bad("epsilon is 0.0", [](Norm& op) { op.epsilon = 0; });
    bad("epsilon is -0.0", [](Norm& op) { op.epsilon = -1e-5f; });
    bad("epsilon is nan", [](Norm& op) { op.epsilon = nan; });
    bad("x is null", [](Norm& op) { op.x = nullptr; });
    bad("weight is null", [](Norm& op) { op.weight = nullptr; });
    bad("y is null", [](Norm& op) { op.y = nullptr; });
    bad("x is not aligned", [](Norm& op) { op.x += 1; });
    bad("weight is not aligned", [](Norm& op) { op.weight += 2; });
    bad("y is not aligned", [](Norm& op) { op.y += 1; });
}

template <typename T>
void refuses_bad_arguments(const Rung<LayerNorm<T>>& rung) {
    lab::GuardedBuffer<float> x(64), weight(64), bias(64);
    lab::GuardedBuffer<T> y(64);
    using Norm = LayerNorm<T>;
    const Norm good{x.data(), weight.data(), bias.data(), y.data(), 4, 8, under_root};
    refuses_what_both_refuse(rung, "layer_norm", good);
    refuses(rung, "layer_norm: bias is null", good, [](Norm& op) { op.bias = nullptr; });
    refuses(rung, "layer_norm: bias is not aligned", good, [](Norm& op) { op.bias += 2; });
    EXPECT_TRUE(y.unchanged()) << "a refused call has written";
}
template <typename T>
void refuses_bad_arguments(const Rung<RmsNorm<T>>& rung) {
    lab::GuardedBuffer<float> x(64), weight(64);
    lab::GuardedBuffer<T> y(64);
    refuses_what_both_refuse(rung, "rms_norm",
                             RmsNorm<T>{x.data(), weight.data(), y.data(), 4, 8, under_root});
    EXPECT_TRUE(y.unchanged()) << "a refused call has written";
}
TEST_P(LayerNormFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(LayerNormBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(RmsNormFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(RmsNormBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// {1, 3} has mean 2 and variance 1; {3, 4} has mean square 12.5.
TEST(NormReference, MatchesValuesWorkedOutByHand) {
    using Floats = std::vector<float>;
    using Doubles = std::vector<double>;
    EXPECT_EQ(
        lab::reference::layer_norm(Floats{1, 3, 5, 5}, Floats{1, 2}, Floats{10, 20}, {2, 2}, 3.0),
        (Doubles{9.5, 21, 10, 20}));
    EXPECT_EQ(lab::reference::rms_norm(Floats{3, 4, 0, 0}, Floats{1, 2}, {2, 2}, 12.5),
              (Doubles{0.6, 1.6, 0, 0}));
}

}  // namespace
}  // namespace t2t
