#include <cstdint>
#include <limits>
#include <vector>

#include "chapters/05_matmul/matmul.cuh"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using tests::Addends;
using tests::LinearLayer;
using tests::LinearShape;

constexpr auto& ladder_float = matmul::ladder<float>;
constexpr auto& ladder_bf16 = matmul::ladder<__nv_bfloat16>;

using MatmulFloat = tests::EveryRung<ladder_float>;
using MatmulBf16 = tests::EveryRung<ladder_bf16>;
T2T_EVERY_RUNG(MatmulFloat);
T2T_EVERY_RUNG(MatmulBf16);

template <typename Weight>
using Rung = t2t::Rung<matmul::Linear<float, Weight>>;

template <typename Weight>
lab::Comparison multiply(const Rung<Weight>& rung, const LinearLayer<float, Weight>& layer,
                         const lab::Tolerance& tolerance) {
    return tests::check_layer("matmul", rung, layer, tolerance);
}

// Around one warp and one tile, 32 × 32 outputs and 64 columns; m, n and k all differ.
const std::vector<LinearShape> shapes{
    {1, 2, 3},      {2, 1, 33},   {3, 5, 1},       {31, 8, 7},   {8, 31, 64},
    {33, 32, 31},   {32, 33, 65}, {64, 96, 128},   {9, 97, 101}, {97, 10, 130},
    {65, 257, 129}, {5, 768, 63}, {100, 192, 576},
};

template <typename Weight>
void multiplies_every_shape(const Rung<Weight>& rung) {
    for (const LinearShape& shape : shapes) {
        for (const Addends addends : {Addends::none, Addends::bias, Addends::bias_and_residual}) {
            const auto layer = tests::random_layer<float, Weight>(shape, addends);
            const auto result = multiply(rung, layer, tests::tolerance_of(layer));
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(MatmulFloat, MultipliesEveryShape) {
    multiplies_every_shape(rung());
}
TEST_P(MatmulBf16, MultipliesEveryShape) {
    multiplies_every_shape(rung());
}

template <typename Weight>
void is_exact_for_whole_numbers(const Rung<Weight>& rung, const std::vector<LinearShape>& some) {
    for (const LinearShape& shape : some) {
        const auto layer = tests::whole_layer<float, Weight>(shape);
        const auto result = multiply(rung, layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(MatmulFloat, IsExactForWholeNumbers) {
    is_exact_for_whole_numbers(rung(), {{3, 7, 5}, {70, 37, 300}, {40, 150, 1000}});
}
TEST_P(MatmulBf16, IsExactForWholeNumbers) {
    is_exact_for_whole_numbers(rung(), {{7, 3, 5}, {37, 70, 300}, {150, 40, 1000}});
}

// NaN and infinity stay in their own row of x, or of w: no product with a neighbour, not even by 0.
template <typename Weight>
void keeps_special_values_to_their_row(const Rung<Weight>& rung) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const std::int64_t k : {64, 71}) {
        auto layer = tests::random_layer<float, Weight>({35, 9, k}, Addends::bias);
        const lab::Tolerance tolerance = tests::tolerance_of(layer);
        layer.x[1 * k + k - 1] = std::numeric_limits<float>::quiet_NaN();
        layer.x[34 * k] = infinity;
        layer.w[2 * k] = Weight(infinity);
        layer.w[8 * k + 7] = Weight(-infinity);
        const auto result = multiply(rung, layer, tolerance);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(MatmulFloat, KeepsSpecialValuesToTheirRow) {
    keeps_special_values_to_their_row(rung());
}
TEST_P(MatmulBf16, KeepsSpecialValuesToTheirRow) {
    keeps_special_values_to_their_row(rung());
}

TEST_P(MatmulBf16, GivesTheBiasForEmptyRows) {
    const LinearLayer<float, __nv_bfloat16> with{{2, 3, 0}, {}, {}, {1, -2, 3}};
    const LinearLayer<float, __nv_bfloat16> without{{2, 3, 0}, {}, {}};
    for (const auto& layer : {with, without}) {
        const auto result = multiply(rung(), layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
    lab::GuardedBuffer<float> y(6);
    EXPECT_NO_THROW(rung().run({.w = {nullptr, 3, 0}, .y = y.data(), .m = 2}, nullptr));
}

TEST_P(MatmulFloat, AddsToTheResidualInPlace) {
    tests::expect_a_residual_in_place("matmul", rung());
}
TEST_P(MatmulBf16, AddsToTheResidualInPlace) {
    tests::expect_a_residual_in_place("matmul", rung());
}

TEST_P(MatmulBf16, DoesNothingForAnEmptyResult) {
    tests::expect_nothing_for_an_empty_result(rung());
}

TEST_P(MatmulBf16, RefusesBadArguments) {
    tests::expect_refusal_of_bad_arguments(rung());
}

}  // namespace
}  // namespace t2t
