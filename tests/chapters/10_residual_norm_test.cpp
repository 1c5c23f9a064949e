#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chapters/01_vector_add/vector_add.cuh"
#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "common/lab/reference/fused.hpp"
#include "tests/chapters/norm_inputs.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using fused_kernels::residual_norm_ladder;
using fused_kernels::ResidualNorm;
using tests::under_root;

using ResidualNormFloat = tests::EveryRung<residual_norm_ladder<float>>;
using ResidualNormBf16 = tests::EveryRung<residual_norm_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(ResidualNormFloat);
T2T_EVERY_RUNG(ResidualNormBf16);

enum class Norm { rms, layer };

// Rows × width. A thread, a warp and a block each get too little, just enough and one too much.
const std::vector<lab::Extent> extents{{1, 1},   {2, 1},    {1, 3},   {5, 31},   {7, 32},
                                       {4, 33},  {31, 97},  {6, 255}, {257, 13}, {11, 256},
                                       {9, 257}, {2, 1001}, {5, 768}, {1, 4096}, {1, 4099}};

template <typename T>
lab::Comparison residual_norm(const Rung<ResidualNorm<T>>& rung, const std::vector<float>& stream,
                              const std::vector<float>& added, lab::Extent extent, Norm norm) {
    const auto weight = tests::weights(extent.columns);
    const auto bias = norm == Norm::layer ? tests::biases(extent.columns) : std::vector<float>{};
    // A sum of two floats in float64, rounded to float, is the float sum correctly rounded.
    const std::vector<double> sum = lab::reference::add(stream, added);
    const std::vector<float> x = lab::reference::to_floats(sum);
    const std::vector<double> normed =
        lab::reference::norm(x, weight, bias, extent, double{under_root});
    const lab::Tolerance tolerance = norm == Norm::layer
                                         ? tests::layer_norm_tolerance<T>(x, extent, normed)
                                         : tests::rms_norm_tolerance<T>(extent.columns);
    lab::RungCheck check("residual_norm", rung.name);
    return check.run(rung, {.x = check.in_out<float>("x", stream, {sum, extent}),
                            .y = check.input("y", added),
                            .weight = check.input("weight", weight),
                            .bias = bias.empty() ? nullptr : check.input("bias", bias),
                            .normed = check.output<T>("normed", {normed, extent, tolerance}),
                            .rows = extent.rows,
                            .width = extent.columns,
                            .epsilon = under_root});
}

std::vector<float> added_to(lab::Extent extent) {
    return lab::normal(extent.rows * extent.columns, -0.5, 2, lab::test_seed() + 4);
}

template <typename T>
void adds_and_normalises_every_shape(const Rung<ResidualNorm<T>>& rung) {
    for (const lab::Extent& extent : extents) {
        for (const Norm norm : {Norm::rms, Norm::layer}) {
            const auto result =
                residual_norm(rung, tests::rows_around(2, extent), added_to(extent), extent, norm);
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(ResidualNormFloat, AddsAndNormalisesEveryShape) {
    adds_and_normalises_every_shape(rung());
}
TEST_P(ResidualNormBf16, AddsAndNormalisesEveryShape) {
    adds_and_normalises_every_shape(rung());
}

// A NaN or an infinity, in x or in y, spoils its own row and no other.
template <typename T>
void keeps_special_values_in_their_row(const Rung<ResidualNorm<T>>& rung) {
    constexpr lab::Extent extent{7, 300};
    for (const Norm norm : {Norm::rms, Norm::layer}) {
        auto stream = tests::rows_around(0, extent);
        auto added = added_to(extent);
        stream[1 * extent.columns + 299] = std::numeric_limits<float>::quiet_NaN();
        added[3 * extent.columns] = std::numeric_limits<float>::quiet_NaN();
        stream[5 * extent.columns + 7] = std::numeric_limits<float>::infinity();
        const auto result = residual_norm(rung, stream, added, extent, norm);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(ResidualNormFloat, KeepsSpecialValuesInTheirRow) {
    keeps_special_values_in_their_row(rung());
}
TEST_P(ResidualNormBf16, KeepsSpecialValuesInTheirRow) {
    keeps_special_values_in_their_row(rung());
}

TEST_P(ResidualNormFloat, DoesNothingForAnEmptyMatrix) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .width = 5, .epsilon = under_root}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 5, .width = 0, .epsilon = under_root}, nullptr));
}

template <typename T>
void refuses_bad_arguments(const Rung<ResidualNorm<T>>& rung) {
    using Op = ResidualNorm<T>;
    lab::GuardedBuffer<float> x(64), y(64), weight(64), bias(64);
    lab::GuardedBuffer<T> normed(64);
    const Op good{.x = x.data(),
                  .y = y.data(),
                  .weight = weight.data(),
                  .bias = bias.data(),
                  .normed = normed.data(),
                  .rows = 4,
                  .width = 8,
                  .epsilon = under_root};
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = good;
        spoil(bad);
        const std::string said = tests::complaint([&] { rung.run(bad, nullptr); });
        EXPECT_NE(said.find("residual_norm: " + part), std::string::npos)
            << "expected: " << part << "\nsaid: " << said;
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("rows is -1; a size is 0 or more", [](Op& op) { op.rows = -1; });
    refuses("width is -1; a size is 0 or more", [](Op& op) { op.width = -1; });
    refuses("rows (", [](Op& op) { op.rows = most / 8; });
    refuses("epsilon is 0", [](Op& op) { op.epsilon = 0; });
    refuses("epsilon is -1", [](Op& op) { op.epsilon = -1; });
    refuses("epsilon is nan", [](Op& op) { op.epsilon = std::numeric_limits<float>::quiet_NaN(); });
    refuses("x is null", [](Op& op) { op.x = nullptr; });
    refuses("y is null", [](Op& op) { op.y = nullptr; });
    refuses("weight is null", [](Op& op) { op.weight = nullptr; });
    refuses("normed is null", [](Op& op) { op.normed = nullptr; });
    refuses("x is not aligned", [](Op& op) { op.x += 1; });
    refuses("y is not aligned", [](Op& op) { op.y += 2; });
    refuses("weight is not aligned", [](Op& op) { op.weight += 3; });
    refuses("bias is not aligned", [](Op& op) { op.bias += 1; });
    refuses("normed is not aligned", [](Op& op) { op.normed += 1; });
    EXPECT_TRUE(x.unchanged() && normed.unchanged()) << "a refused call has written";
}
TEST_P(ResidualNormFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(ResidualNormBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// x and y are read, x and normed written, each once; then weight, and the bias of a LayerNorm.
TEST(ResidualNormWork, CountsWhatMustMove) {
    ResidualNorm<__nv_bfloat16> op{.rows = 3, .width = 8};
    EXPECT_EQ(op.work().bytes, 3 * 8 * (4 + 4 + 4 + 2) + 8 * 4);
    const float bias = 0;
    op.bias = &bias;
    EXPECT_EQ(op.work().bytes, 3 * 8 * (4 + 4 + 4 + 2) + 2 * 8 * 4);
    EXPECT_EQ(ResidualNorm<float>({.rows = 3, .width = 8}).work().bytes, 3 * 8 * 16 + 8 * 4);
    EXPECT_EQ(op.sizes(), (std::vector<std::int64_t>{3, 8}));
}

// The chain is the plain operations one after the other: the same bits.
template <typename T>
void expect_the_bits_of_its_parts(Norm norm) {
    constexpr lab::Extent extent{5, 1001};
    const DeviceBuffer<float> y(added_to(extent));
    const DeviceBuffer<float> weight(tests::weights(extent.columns));
    const DeviceBuffer<float> bias(tests::biases(extent.columns));
    DeviceBuffer<float> x(tests::rows_around(2, extent));
    DeviceBuffer<float> x_of_parts(tests::rows_around(2, extent));
    DeviceBuffer<T> normed(extent.count());
    DeviceBuffer<T> normed_of_parts(extent.count());
    const auto [rows, width] = extent;

    const auto& chain = residual_norm_ladder<T>.rungs.front();
    Trace trace;
    {
        const UseSelection use(selection_in_force(), &trace);
        chain.run({.x = x.data(),
                   .y = y.data(),
                   .weight = weight.data(),
                   .bias = norm == Norm::layer ? bias.data() : nullptr,
                   .normed = normed.data(),
                   .rows = rows,
                   .width = width,
                   .epsilon = under_root},
                  nullptr);
    }
    run(vector_add::ladder, {x_of_parts.data(), y.data(), x_of_parts.data(), rows * width},
        nullptr);
    if (norm == Norm::layer) {
        run(normalization::layer_norm_ladder<T>,
            {x_of_parts.data(), weight.data(), bias.data(), normed_of_parts.data(), rows, width,
             under_root},
            nullptr);
    } else {
        run(normalization::rms_norm_ladder<T>,
            {x_of_parts.data(), weight.data(), normed_of_parts.data(), rows, width, under_root},
            nullptr);
    }
    const auto sums = x.download();
    const auto rows_of_chain = normed.download();
    EXPECT_EQ(std::memcmp(sums.data(), x_of_parts.download().data(), x.bytes()), 0);
    EXPECT_EQ(std::memcmp(rows_of_chain.data(), normed_of_parts.download().data(), normed.bytes()),
              0);

    const std::vector<TraceEntry> entries = trace.finish();
    ASSERT_EQ(entries.size(), 2U) << "what the chain ran, by run()";
    EXPECT_EQ(entries[0].operation, "vector_add");
    EXPECT_EQ(entries[1].operation, norm == Norm::layer ? "layer_norm" : "rms_norm");
}
TEST(ResidualNormChain, HasTheBitsOfItsParts) {
    expect_the_bits_of_its_parts<float>(Norm::rms);
    expect_the_bits_of_its_parts<float>(Norm::layer);
    expect_the_bits_of_its_parts<__nv_bfloat16>(Norm::rms);
    expect_the_bits_of_its_parts<__nv_bfloat16>(Norm::layer);
}

}  // namespace
}  // namespace t2t
