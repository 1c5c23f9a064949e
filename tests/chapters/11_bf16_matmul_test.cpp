#include <cstdint>
#include <limits>
#include <vector>

#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using tests::Addends;
using tests::LinearShape;

using Bf16Matmul = tests::EveryRung<tensor_cores::ladder>;
T2T_EVERY_RUNG(Bf16Matmul);

using Layer = tests::LinearLayer<__nv_bfloat16, __nv_bfloat16>;

lab::Comparison multiply(const Rung<tensor_cores::Bf16Linear>& rung, const Layer& layer,
                         const lab::Tolerance& tolerance) {
    return tests::check_layer("bf16_matmul", rung, layer, tolerance);
}

// Around one fragment, one warp's tile and one block's, 64 × 64 outputs and 32 columns; with rows
// that are multiples of 16 bytes and rows that are not. m, n and k all differ.
const std::vector<LinearShape> shapes{
    {1, 2, 3},    {2, 1, 33},   {16, 17, 15},  {17, 16, 32},   {31, 33, 8},   {33, 64, 40},
    {64, 65, 31}, {65, 63, 72}, {97, 130, 34}, {128, 192, 96}, {5, 257, 129}, {70, 96, 576},
};

TEST_P(Bf16Matmul, MultipliesEveryShape) {
    for (const LinearShape& shape : shapes) {
        for (const Addends addends : {Addends::none, Addends::bias, Addends::bias_and_residual}) {
            const auto layer = tests::random_layer<__nv_bfloat16, __nv_bfloat16>(shape, addends);
            const auto result = multiply(rung(), layer, tests::tolerance_of(layer));
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}

TEST_P(Bf16Matmul, IsExactForWholeNumbers) {
    for (const LinearShape& shape : {LinearShape{3, 7, 5}, {70, 37, 304}, {40, 90, 333}}) {
        const auto layer = tests::whole_layer<__nv_bfloat16, __nv_bfloat16>(shape);
        const auto result = multiply(rung(), layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// NaN and infinity stay in their own row of x, or of w: no product with a neighbour, not even by 0.
TEST_P(Bf16Matmul, KeepsSpecialValuesToTheirRow) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const std::int64_t k : {40, 41}) {
        auto layer = tests::random_layer<__nv_bfloat16, __nv_bfloat16>({35, 9, k}, Addends::bias);
        const lab::Tolerance tolerance = tests::tolerance_of(layer);
        layer.x[1 * k + k - 1] = std::numeric_limits<float>::quiet_NaN();
        layer.x[34 * k] = infinity;
        layer.w[2 * k] = infinity;
        layer.w[8 * k + 7] = -infinity;
        const auto result = multiply(rung(), layer, tolerance);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Bf16Matmul, GivesTheBiasForEmptyRows) {
    for (const Layer& layer : {Layer{{2, 3, 0}, {}, {}, {1, -2, 3}}, Layer{{2, 3, 0}, {}, {}}}) {
        const auto result = multiply(rung(), layer, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
    lab::GuardedBuffer<float> y(6);
    EXPECT_NO_THROW(rung().run({.w = {nullptr, 3, 0}, .y = y.data(), .m = 2}, nullptr));
}

TEST_P(Bf16Matmul, AddsToTheResidualInPlace) {
    tests::expect_a_residual_in_place("bf16_matmul", rung());
}

TEST_P(Bf16Matmul, DoesNothingForAnEmptyResult) {
    tests::expect_nothing_for_an_empty_result(rung());
}

TEST_P(Bf16Matmul, RefusesBadArguments) {
    tests::expect_refusal_of_bad_arguments(rung());
}

}  // namespace
}  // namespace t2t
