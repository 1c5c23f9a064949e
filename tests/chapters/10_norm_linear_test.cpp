#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/fused.hpp"
#include "tests/chapters/norm_inputs.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using fused_kernels::norm_linear_ladder;
using fused_kernels::NormLinear;
using tests::Addends;
using tests::InPlace;
using tests::LinearLayer;
using tests::LinearShape;
using tests::under_root;

constexpr auto& ladder_float = norm_linear_ladder<float, float>;
constexpr auto& ladder_mixed = norm_linear_ladder<float, __nv_bfloat16>;
constexpr auto& ladder_bf16 = norm_linear_ladder<__nv_bfloat16, __nv_bfloat16>;

using NormLinearFloat = tests::EveryRung<ladder_float>;
using NormLinearMixed = tests::EveryRung<ladder_mixed>;
using NormLinearBf16 = tests::EveryRung<ladder_bf16>;
T2T_EVERY_RUNG(NormLinearFloat);
T2T_EVERY_RUNG(NormLinearMixed);
T2T_EVERY_RUNG(NormLinearBf16);

template <typename X, typename W>
using Rung = t2t::Rung<NormLinear<X, W>>;

// What an operation may or may not have.
struct Variant {
    bool layer_norm = false;
    bool single_tokens = false;
    Addends addends = Addends::none;
};

std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const bool layer_norm : {false, true}) {
        for (const bool single_tokens : {false, true}) {
            for (const Addends addends :
                 {Addends::none, Addends::bias, Addends::bias_and_residual}) {
                all.push_back({layer_norm, single_tokens, addends});
            }
        }
    }
    return all;
}

// Inputs on the host. The layer's own x stays unused.
template <typename X, typename W>
struct Inputs {
    std::vector<float> x;             // [m, k]
    std::vector<float> weight, bias;  // [k], the norm's; no bias: RMSNorm
    LinearLayer<X, W> layer;
};

template <typename X, typename W>
Inputs<X, W> random_inputs(LinearShape shape, const Variant& variant) {
    return {tests::rows_around(2, {shape.m, shape.k}), tests::weights(shape.k),
            variant.layer_norm ? tests::biases(shape.k) : std::vector<float>{},
            tests::random_layer<X, W>(shape, variant.addends)};
}

// A normed value is off by what a norm's tolerance allows, and a sum by as much of each |w|. The sum itself
// rounds as every linear layer does.
template <typename X, typename W>
lab::Tolerance tolerance_of(const Inputs<X, W>& in) {
    const auto& shape = in.layer.shape;
    const lab::Extent extent{shape.m, shape.k};
    const auto normed = lab::reference::norm(in.x, in.weight, in.bias, extent, double{under_root});
    const lab::Tolerance of_norm = in.bias.empty()
                                       ? tests::rms_norm_tolerance<X>(shape.k)
                                       : tests::layer_norm_tolerance<X>(in.x, extent, normed);
    std::vector<float> off;
    for (const double value : normed) off.push_back(static_cast<float>(of_norm.allowed(value)));
    const auto w = tests::widened(in.layer.w);
    const double largest =
        lab::reference::largest_absolute_sum(lab::reference::to_floats(normed), w, shape) + 30;
    return lab::Tolerance::relative_to_scale(
        lab::reference::largest_absolute_sum(off, w, shape) +
            tests::epsilon * std::sqrt(static_cast<double>(shape.k + 1)) * largest,
        "what the norm may be off, times |w|, summed; and eps * sqrt(k + 1) of the sum's sizes");
}

template <typename X, typename W>
lab::Comparison norm_linear(const Rung<X, W>& rung, const Inputs<X, W>& in, bool single_tokens,
                            const lab::Tolerance& tolerance, InPlace in_place = InPlace::no) {
    const auto& layer = in.layer;
    const auto [m, n, k] = layer.shape;
    auto expected = lab::reference::norm_linear(in.x, in.weight, in.bias, double{under_root},
                                                tests::widened(layer.w), layer.bias, layer.shape);
    for (std::size_t i = 0; i < layer.residual.size(); ++i) expected[i] += layer.residual[i];
    const lab::Expected y{std::move(expected), {m, n}, tolerance};

    lab::RungCheck check("norm_linear", rung.name);
    NormLinear<X, W> op{
        .x = check.input("x", in.x),
        .weight = check.input("weight", in.weight),
        .bias = in.bias.empty() ? nullptr : check.input("the norm's bias", in.bias),
        .epsilon = under_root,
        .linear = {.w = {check.input("w", layer.w), n, k}, .m = m, .single_tokens = single_tokens}};
    if (!layer.bias.empty()) op.linear.bias = check.input("bias", layer.bias);
    if (in_place == InPlace::yes) {
        op.linear.y = check.in_out<float>("y", layer.residual, y);
        op.linear.residual = op.linear.y;
    } else {
        if (!layer.residual.empty()) op.linear.residual = check.input("residual", layer.residual);
        op.linear.y = check.output<float>("y", y);
    }
    return check.run(rung, op);
}

// One, odd, prime, around one warp and one tile, and a width of GPT-2; m, n and k all differ.
const std::vector<LinearShape> shapes{{1, 1, 1},     {1, 2, 3},      {2, 3, 1},     {3, 5, 33},
                                      {7, 17, 97},   {1, 33, 256},   {31, 37, 130}, {65, 31, 257},
                                      {2, 67, 1001}, {1, 130, 4096}, {5, 192, 768}};

template <typename X, typename W>
void normalises_and_multiplies_every_shape(const Rung<X, W>& rung) {
    for (const LinearShape& shape : shapes) {
        for (const Variant& variant : variants()) {
            const auto in = random_inputs<X, W>(shape, variant);
            const auto result = norm_linear(rung, in, variant.single_tokens, tolerance_of(in));
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(NormLinearFloat, NormalisesAndMultipliesEveryShape) {
    normalises_and_multiplies_every_shape(rung());
}
TEST_P(NormLinearMixed, NormalisesAndMultipliesEveryShape) {
    normalises_and_multiplies_every_shape(rung());
}
TEST_P(NormLinearBf16, NormalisesAndMultipliesEveryShape) {
    normalises_and_multiplies_every_shape(rung());
}

template <typename X, typename W>
void adds_to_the_residual_in_place(const Rung<X, W>& rung) {
    for (const bool single_tokens : {false, true}) {
        const auto in = random_inputs<X, W>({35, 70, 129}, {.addends = Addends::bias_and_residual});
        const auto result = norm_linear(rung, in, single_tokens, tolerance_of(in), InPlace::yes);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(NormLinearFloat, AddsToTheResidualInPlace) {
    adds_to_the_residual_in_place(rung());
}
TEST_P(NormLinearBf16, AddsToTheResidualInPlace) {
    adds_to_the_residual_in_place(rung());
}

// A NaN spoils its own row of x, or the column of y that its row of w makes.
template <typename X, typename W>
void keeps_nan_to_its_row(const Rung<X, W>& rung) {
    for (const bool single_tokens : {false, true}) {
        auto in = random_inputs<X, W>({5, 9, 41}, {.addends = Addends::bias});
        const lab::Tolerance tolerance = tolerance_of(in);
        in.x[2 * 41 + 40] = std::numeric_limits<float>::quiet_NaN();
        in.layer.w[7 * 41] = W(std::numeric_limits<float>::quiet_NaN());
        const auto result = norm_linear(rung, in, single_tokens, tolerance);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}
TEST_P(NormLinearMixed, KeepsNanToItsRow) {
    keeps_nan_to_its_row(rung());
}
TEST_P(NormLinearBf16, KeepsNanToItsRow) {
    keeps_nan_to_its_row(rung());
}

// Rows of no elements have no products; the layer's bias is left.
TEST_P(NormLinearMixed, GivesTheBiasForEmptyRows) {
    Inputs<float, __nv_bfloat16> in{{}, {}, {}, {{2, 3, 0}, {}, {}, {1, -2, 3}}};
    for (const bool single_tokens : {false, true}) {
        const auto result = norm_linear(rung(), in, single_tokens, lab::Tolerance::exact());
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(NormLinearMixed, DoesNothingForAnEmptyResult) {
    EXPECT_NO_THROW(
        rung().run({.epsilon = under_root, .linear = {.w = {nullptr, 3, 4}, .m = 0}}, nullptr));
    EXPECT_NO_THROW(
        rung().run({.epsilon = under_root, .linear = {.w = {nullptr, 0, 4}, .m = 3}}, nullptr));
}

// Device memory for an operation whose numbers do not matter: 16 tokens, 8 outputs, 32 inputs.
template <typename X, typename W>
struct Memory {
    lab::GuardedBuffer<float> x{512}, weight{512}, bias{512}, linear_bias{512}, residual{512},
        y{512};
    lab::GuardedBuffer<W> w{512};
    lab::GuardedBuffer<std::byte> workspace{4096};

    NormLinear<X, W> op() {
        return {.x = x.data(),
                .weight = weight.data(),
                .bias = bias.data(),
                .epsilon = under_root,
                .linear = {.w = {w.data(), 8, 32},
                           .bias = linear_bias.data(),
                           .residual = residual.data(),
                           .y = y.data(),
                           .m = 16},
                .workspace = {workspace.data(), workspace.size()}};
    }
};

template <typename X, typename W>
void refuses_bad_arguments(const Rung<X, W>& rung) {
    using Op = NormLinear<X, W>;
    Memory<X, W> memory;
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = memory.op();
        spoil(bad);
        const std::string said = tests::complaint([&] { rung.run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("linear: m is -1; a size is 0 or more", [](Op& op) { op.linear.m = -1; });
    refuses("linear: n is -1; a size is 0 or more", [](Op& op) { op.linear.w.rows = -1; });
    refuses("linear: k is -1; a size is 0 or more", [](Op& op) { op.linear.w.columns = -1; });
    refuses("norm_linear: m (", [](Op& op) { op.linear.m = most / 8; });
    refuses("linear: n (", [](Op& op) { op.linear.w.rows = most / 8; });
    refuses("norm_linear: epsilon is 0", [](Op& op) { op.epsilon = 0; });
    refuses("norm_linear: epsilon is nan",
            [](Op& op) { op.epsilon = std::numeric_limits<float>::quiet_NaN(); });
    refuses("norm_linear: x is null", [](Op& op) { op.x = nullptr; });
    refuses("norm_linear: weight is null", [](Op& op) { op.weight = nullptr; });
    refuses("linear: w is null", [](Op& op) { op.linear.w.values = nullptr; });
    refuses("linear: y is null", [](Op& op) { op.linear.y = nullptr; });
    refuses("norm_linear: x is not aligned", [](Op& op) { op.x += 1; });
    refuses("norm_linear: weight is not aligned", [](Op& op) { op.weight += 1; });
    refuses("norm_linear: bias is not aligned", [](Op& op) { op.bias += 2; });
    refuses("linear: w is not aligned", [](Op& op) { op.linear.w.values += 1; });
    refuses("linear: bias is not aligned", [](Op& op) { op.linear.bias += 2; });
    refuses("linear: residual is not aligned", [](Op& op) { op.linear.residual += 1; });
    refuses("linear: y is not aligned", [](Op& op) { op.linear.y += 3; });
    EXPECT_TRUE(memory.y.unchanged()) << "a refused call has written";
}
TEST_P(NormLinearFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(NormLinearMixed, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(NormLinearBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// A rung says in one sentence how much it lacks, before it has written anything.
template <typename X, typename W>
void refuses_a_workspace_that_is_too_small(const Rung<X, W>& rung) {
    Memory<X, W> memory;
    NormLinear<X, W> op = memory.op();
    const std::size_t needed = rung.workspace(op);
    if (needed == 0) return;
    op.workspace = op.workspace.first(needed - 1);
    EXPECT_EQ(tests::complaint([&] { rung.run(op, nullptr); }),
              "norm_linear " + std::string(rung.name) + ": the workspace has " +
                  std::to_string(needed - 1) + " bytes and needs at least " +
                  std::to_string(needed) + "; hand in as many as the rung's workspace() says");
    EXPECT_TRUE(memory.y.unchanged()) << "a refused call has written";
}
TEST_P(NormLinearMixed, RefusesAWorkspaceThatIsTooSmall) {
    refuses_a_workspace_that_is_too_small(rung());
}
TEST_P(NormLinearBf16, RefusesAWorkspaceThatIsTooSmall) {
    refuses_a_workspace_that_is_too_small(rung());
}

// What a linear layer counts, with x in fp32, and the norm's weight and bias.
TEST(NormLinearWork, CountsWhatMustMove) {
    NormLinear<__nv_bfloat16, __nv_bfloat16> op{.linear = {.w = {nullptr, 5, 7}, .m = 3}};
    EXPECT_EQ(op.work().bytes, 3 * 7 * 4 + 5 * 7 * 2 + 3 * 5 * 4 + 7 * 4);
    EXPECT_EQ(op.work().flops, 2 * 3 * 5 * 7);
    const float bias = 0;
    op.bias = &bias;
    op.linear.bias = &bias;
    EXPECT_EQ(op.work().bytes, 3 * 7 * 4 + 5 * 7 * 2 + 3 * 5 * 4 + 2 * 7 * 4 + 5 * 4);
    EXPECT_EQ(op.sizes(), (std::vector<std::int64_t>{3, 5, 7}));
}

// An operation in device memory that is all its own.
template <typename X, typename W>
class OnDevice {
 public:
    explicit OnDevice(const Inputs<X, W>& in)
        : x_(in.x),
          weight_(in.weight),
          bias_(in.bias),
          w_(in.layer.w),
          linear_bias_(in.layer.bias),
          residual_(in.layer.residual),
          y_(static_cast<std::size_t>(in.layer.shape.m * in.layer.shape.n)),
          shape_(in.layer.shape) {}

    // Null where the inputs have no bias or residual, as DeviceBuffer has it.
    NormLinear<X, W> op(bool single_tokens) {
        return {.x = x_.data(),
                .weight = weight_.data(),
                .bias = bias_.data(),
                .epsilon = under_root,
                .linear = {.w = {w_.data(), shape_.n, shape_.k},
                           .bias = linear_bias_.data(),
                           .residual = residual_.data(),
                           .y = y_.data(),
                           .m = shape_.m,
                           .single_tokens = single_tokens}};
    }
    std::vector<float> run(const Rung<X, W>& rung, bool single_tokens) {
        NormLinear<X, W> op = this->op(single_tokens);
        DeviceBuffer<std::byte> workspace(rung.workspace(op));
        op.workspace = {workspace.data(), workspace.size()};
        rung.run(op, nullptr);
        return y_.download();
    }
    std::vector<float> y() const { return y_.download(); }

 private:
    DeviceBuffer<float> x_, weight_, bias_;
    DeviceBuffer<W> w_;
    DeviceBuffer<float> linear_bias_, residual_, y_;
    LinearShape shape_;
};

// A batch must not change a sequence's numbers: each row alone gives the same bits.
template <typename X, typename W>
void gives_a_row_the_same_bits_in_any_batch(const Rung<X, W>& rung) {
    constexpr LinearShape shape{9, 37, 130};
    for (const bool single_tokens : {false, true}) {
        const auto in = random_inputs<X, W>(shape, {.addends = Addends::bias});
        const auto batch = OnDevice<X, W>(in).run(rung, single_tokens);
        for (std::int64_t i = 0; i < shape.m; ++i) {
            auto row = in;
            row.x.assign(in.x.begin() + i * shape.k, in.x.begin() + (i + 1) * shape.k);
            row.layer.shape.m = 1;
            const auto alone = OnDevice<X, W>(row).run(rung, single_tokens);
            EXPECT_EQ(std::memcmp(alone.data(), &batch[i * shape.n], shape.n * sizeof(float)), 0)
                << rung.name << ": row " << i << " is not the same alone as among " << shape.m;
        }
    }
}
TEST_P(NormLinearFloat, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(NormLinearMixed, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(NormLinearBf16, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}

// The chain is the plain operations one after the other: the same bits, by the ladders that serve them.
template <typename X, typename W>
void expect_the_bits_of_its_parts(std::string_view ladder_of_many) {
    constexpr LinearShape shape{5, 70, 257};
    const auto& chain = norm_linear_ladder<X, W>.rungs.front();
    for (const Variant& variant : variants()) {
        const auto in = random_inputs<X, W>(shape, variant);
        Trace trace;
        std::vector<float> of_chain;
        {
            const UseSelection use(selection_in_force(), &trace);
            of_chain = OnDevice<X, W>(in).run(chain, variant.single_tokens);
        }

        OnDevice<X, W> parts(in);
        const NormLinear<X, W> op = parts.op(variant.single_tokens);
        DeviceBuffer<X> normed(static_cast<std::size_t>(shape.m * shape.k));
        if (variant.layer_norm) {
            run(normalization::layer_norm_ladder<X>,
                {op.x, op.weight, op.bias, normed.data(), shape.m, shape.k, under_root}, nullptr);
        } else {
            run(normalization::rms_norm_ladder<X>,
                {op.x, op.weight, normed.data(), shape.m, shape.k, under_root}, nullptr);
        }
        matmul::Linear<X, W> linear = op.linear;
        linear.x = normed.data();
        quantization::run_linear(linear, nullptr);
        EXPECT_EQ(std::memcmp(of_chain.data(), parts.y().data(), of_chain.size() * sizeof(float)),
                  0);

        const std::vector<TraceEntry> entries = trace.finish();
        ASSERT_EQ(entries.size(), 2U) << "what the chain ran, by run()";
        EXPECT_EQ(entries[0].operation, variant.layer_norm ? "layer_norm" : "rms_norm");
        EXPECT_EQ(entries[1].operation, variant.single_tokens ? "gemv" : ladder_of_many);
    }
}
TEST(NormLinearChain, HasTheBitsOfItsParts) {
    expect_the_bits_of_its_parts<float, float>("matmul");
    expect_the_bits_of_its_parts<float, __nv_bfloat16>("matmul");
    expect_the_bits_of_its_parts<__nv_bfloat16, __nv_bfloat16>("bf16_matmul");
}

}  // namespace
}  // namespace t2t
