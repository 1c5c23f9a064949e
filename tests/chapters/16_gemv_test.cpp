#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "chapters/16_quantization/quantization.cuh"
#include "common/device/buffer.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using quantization::gemv_ladder;
using tests::Addends;
using tests::LinearLayer;
using tests::LinearShape;

constexpr auto& ladder_float = gemv_ladder<float, float>;
constexpr auto& ladder_mixed = gemv_ladder<float, __nv_bfloat16>;
constexpr auto& ladder_bf16 = gemv_ladder<__nv_bfloat16, __nv_bfloat16>;

using GemvFloat = tests::EveryRung<ladder_float>;
using GemvMixed = tests::EveryRung<ladder_mixed>;
using GemvBf16 = tests::EveryRung<ladder_bf16>;
T2T_EVERY_RUNG(GemvFloat);
T2T_EVERY_RUNG(GemvMixed);
T2T_EVERY_RUNG(GemvBf16);

template <typename T, typename Weight>
using Rung = t2t::Rung<matmul::Linear<T, Weight>>;

template <typename T, typename Weight>
lab::Comparison gemv(const Rung<T, Weight>& rung, const LinearLayer<T, Weight>& layer,
                     const lab::Tolerance& tolerance) {
    return tests::check_layer("gemv", rung, layer, tolerance);
}

// Around one warp, one vector, the 4 rows of a warp, the 16 of a block; n, m and k all differ.
const std::vector<LinearShape> shapes{
    {1, 1, 2},    {1, 2, 1},     {2, 1, 31},    {1, 3, 32},     {3, 5, 33},
    {2, 4, 8},    {1, 6, 12},    {7, 17, 97},   {1, 33, 256},   {5, 31, 257},
    {4, 16, 264}, {64, 15, 200}, {3, 257, 130}, {1, 301, 1001}, {2, 67, 4096},
};

template <typename T, typename Weight>
void multiplies_every_shape(const Rung<T, Weight>& rung) {
    for (const LinearShape& shape : shapes) {
        for (const Addends addends : {Addends::none, Addends::bias, Addends::bias_and_residual}) {
            const auto layer = tests::random_layer<T, Weight>(shape, addends);
            const auto result = gemv(rung, layer, tests::tolerance_of(layer));
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(GemvFloat, MultipliesEveryShape) {
    multiplies_every_shape(rung());
}
TEST_P(GemvMixed, MultipliesEveryShape) {
    multiplies_every_shape(rung());
}
TEST_P(GemvBf16, MultipliesEveryShape) {
    multiplies_every_shape(rung());
}

template <typename T, typename Weight>
void is_exact_for_whole_numbers(const Rung<T, Weight>& rung, const std::vector<LinearShape>& some) {
    for (const LinearShape& shape : some) {
        const auto layer = tests::whole_layer<T, Weight>(shape);
        const auto result = gemv(rung, layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
const std::vector<LinearShape> some_shapes{{3, 7, 5}, {2, 37, 1000}};
TEST_P(GemvFloat, IsExactForWholeNumbers) {
    is_exact_for_whole_numbers(rung(), some_shapes);
}
TEST_P(GemvMixed, IsExactForWholeNumbers) {
    is_exact_for_whole_numbers(rung(), some_shapes);
}
TEST_P(GemvBf16, IsExactForWholeNumbers) {
    is_exact_for_whole_numbers(rung(), some_shapes);
}

// As many rows as the largest vocabulary.
TEST_P(GemvMixed, IsExactForAVocabulary) {
    is_exact_for_whole_numbers(rung(), {{1, 152'064, 8}});
}

// A batch must not change a sequence's numbers: each row alone gives the same bits.
template <typename T, typename Weight>
void gives_a_row_the_same_bits_in_any_batch(const Rung<T, Weight>& rung) {
    for (const std::int64_t k : {1000, 1001}) {
        constexpr std::int64_t m = 9;
        constexpr std::int64_t n = 37;
        const auto layer = tests::random_layer<T, Weight>({m, n, k}, Addends::bias);
        const DeviceBuffer<Weight> w(layer.w);
        const DeviceBuffer<float> bias(layer.bias);
        const auto multiply = [&](std::int64_t rows, const std::vector<T>& values) {
            const DeviceBuffer<T> x(values);
            DeviceBuffer<float> y(static_cast<std::size_t>(rows * n));
            rung.run({.x = x.data(),
                      .w = {w.data(), n, k},
                      .bias = bias.data(),
                      .y = y.data(),
                      .m = rows},
                     nullptr);
            return y.download();
        };
        const std::vector<float> batch = multiply(m, layer.x);
        for (std::int64_t i = 0; i < m; ++i) {
            const auto row = layer.x.begin() + i * k;
            const std::vector<float> alone = multiply(1, std::vector<T>(row, row + k));
            EXPECT_EQ(std::memcmp(alone.data(), &batch[i * n], n * sizeof(float)), 0)
                << rung.name << ", k = " << k << ": row " << i << " is not the same alone as among "
                << m;
        }
    }
}
TEST_P(GemvFloat, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(GemvMixed, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(GemvBf16, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}

// NaN and infinity stay in their own row of x, or of w.
template <typename T, typename Weight>
void keeps_special_values_to_their_row(const Rung<T, Weight>& rung) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const std::int64_t k : {40, 41}) {
        auto layer = tests::random_layer<T, Weight>({3, 9, k}, Addends::bias);
        const lab::Tolerance tolerance = tests::tolerance_of(layer);
        layer.x[1 * k + k - 1] = T(std::nanf(""));
        layer.w[2 * k] = Weight(infinity);
        layer.w[8 * k + 7] = Weight(-infinity);
        const auto result = gemv(rung, layer, tolerance);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(GemvFloat, KeepsSpecialValuesToTheirRow) {
    keeps_special_values_to_their_row(rung());
}
TEST_P(GemvMixed, KeepsSpecialValuesToTheirRow) {
    keeps_special_values_to_their_row(rung());
}
TEST_P(GemvBf16, KeepsSpecialValuesToTheirRow) {
    keeps_special_values_to_their_row(rung());
}

TEST_P(GemvBf16, GivesTheBiasForEmptyRows) {
    const LinearLayer<__nv_bfloat16, __nv_bfloat16> with{{2, 3, 0}, {}, {}, {1, -2, 3}};
    const LinearLayer<__nv_bfloat16, __nv_bfloat16> without{{2, 3, 0}, {}, {}};
    for (const auto& layer : {with, without}) {
        const auto result = gemv(rung(), layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
    lab::GuardedBuffer<float> y(6);
    EXPECT_NO_THROW(rung().run({.w = {nullptr, 3, 0}, .y = y.data(), .m = 2}, nullptr));
}

TEST_P(GemvFloat, AddsToTheResidualInPlace) {
    tests::expect_a_residual_in_place("gemv", rung());
}
TEST_P(GemvBf16, AddsToTheResidualInPlace) {
    tests::expect_a_residual_in_place("gemv", rung());
}

TEST_P(GemvMixed, DoesNothingForAnEmptyResult) {
    tests::expect_nothing_for_an_empty_result(rung());
}

TEST_P(GemvMixed, RefusesBadArguments) {
    tests::expect_refusal_of_bad_arguments(rung());
}

// The reference is checked against results worked out by hand.
TEST(LinearReference, MultipliesRowsByRows) {
    using Floats = std::vector<float>;
    using Doubles = std::vector<double>;
    const Floats x{1, 2, 3, 4, 5, 6};
    const Floats w{1, 0, -1, 2, 2, 2, 0, 0, 10};
    EXPECT_EQ(lab::reference::linear(x, w, {}, {2, 3, 3}), (Doubles{-2, 12, 30, -2, 30, 60}));
    EXPECT_EQ(lab::reference::linear(x, w, Floats{1, 2, 3}, {2, 3, 3}),
              (Doubles{-1, 14, 33, -1, 32, 63}));
    EXPECT_EQ(lab::reference::linear({}, {}, Floats{1, 2}, {2, 2, 0}), (Doubles{1, 2, 1, 2}));
    EXPECT_EQ(lab::reference::largest_absolute_sum(x, w, {2, 3, 3}), 60);
    EXPECT_EQ(lab::reference::largest_absolute_sum(x, Floats{1, 0, -7}, {2, 1, 3}), 46);
    EXPECT_THROW(lab::reference::linear(x, w, {}, {2, 3, 2}), std::invalid_argument);
    EXPECT_THROW(lab::reference::linear(x, w, Floats{1}, {2, 3, 3}), std::invalid_argument);
}

}  // namespace
}  // namespace t2t
