#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chapters/06_instructions/instructions.cuh"
#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/16_quantization/quantization.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/activation.hpp"
#include "common/lab/reference/fused.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using fused_kernels::Activation;
using fused_kernels::up_projection_ladder;
using fused_kernels::UpProjection;
using tests::Addends;
using tests::LinearLayer;
using tests::LinearShape;

constexpr auto& ladder_float = up_projection_ladder<float, float>;
constexpr auto& ladder_mixed = up_projection_ladder<float, __nv_bfloat16>;
constexpr auto& ladder_bf16 = up_projection_ladder<__nv_bfloat16, __nv_bfloat16>;

using UpProjectionFloat = tests::EveryRung<ladder_float>;
using UpProjectionMixed = tests::EveryRung<ladder_mixed>;
using UpProjectionBf16 = tests::EveryRung<ladder_bf16>;
T2T_EVERY_RUNG(UpProjectionFloat);
T2T_EVERY_RUNG(UpProjectionMixed);
T2T_EVERY_RUNG(UpProjectionBf16);

template <typename X, typename W>
using Rung = t2t::Rung<UpProjection<X, W>>;

constexpr double epsilon = 0x1p-23;  // from 1 to the next float

// What an operation may or may not have.
struct Variant {
    Activation activation = Activation::gelu;
    bool single_tokens = false;
    Addends addends = Addends::none;
};

std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const Activation activation : {Activation::gelu, Activation::swiglu}) {
        for (const bool single_tokens : {false, true}) {
            for (const Addends addends :
                 {Addends::none, Addends::bias, Addends::bias_and_residual}) {
                all.push_back({activation, single_tokens, addends});
            }
        }
    }
    return all;
}

// Sums of about ±3, whatever k: far out an activation is 0, or its argument.
template <typename X, typename W>
LinearLayer<X, W> layer_around_zero(LinearShape shape, Addends addends) {
    const auto seed = lab::test_seed();
    const double deviation = 3 / std::sqrt(static_cast<double>(shape.k));
    LinearLayer<X, W> layer{shape, lab::normal<X>(shape.m * shape.k, 0.2, 1, seed),
                            lab::normal<W>(shape.n * shape.k, 0, deviation, seed + 1)};
    if (addends != Addends::none) layer.bias = lab::normal(shape.n, 0.5, 1, seed + 2);
    if (addends == Addends::bias_and_residual) {
        layer.residual = lab::normal(shape.m * shape.n, -0.5, 1, seed + 3);
    }
    return layer;
}

template <typename X, typename W>
std::vector<double> sums_of(const LinearLayer<X, W>& layer) {
    auto sums = lab::reference::linear(tests::widened(layer.x), tests::widened(layer.w), layer.bias,
                                       layer.shape);
    for (std::size_t i = 0; i < layer.residual.size(); ++i) sums[i] += layer.residual[i];
    return sums;
}

template <typename X, typename W>
std::vector<double> expected_of(const LinearLayer<X, W>& layer, Activation activation) {
    const auto sums = lab::reference::to_floats(sums_of(layer));
    return activation == Activation::gelu
               ? lab::reference::gelu(sums)
               : lab::reference::swiglu(sums, {layer.shape.m, layer.shape.n / 2});
}

double largest(const std::vector<double>& values) {
    double most = 0;
    for (const double value : values) most = std::max(most, std::abs(value));
    return most;
}

// A sum is off by what a linear layer may be. GELU's slope is 1.13 at most; silu's is 1.1, times up, and
// silu(gate) is no larger than the gate is. The activation itself is off by a few ε, and y is rounded to X:
// twice by SwiGLU's own chain.
template <typename X, typename W>
lab::Tolerance tolerance_of(const LinearLayer<X, W>& layer, Activation activation) {
    const double of_sum = tests::tolerance_of(layer).allowed(0);
    const double rounding = sizeof(X) == 2 ? 0x1p-8 : 0x1p-24;
    const double most = largest(expected_of(layer, activation));
    if (activation == Activation::gelu) {
        return lab::Tolerance::relative_to_scale(
            1.13 * of_sum + 12 * epsilon + (5 * epsilon + rounding) * most,
            "1.13 times what a sum may be off, four last places of tanh times half of |x| <= 6, and the "
            "rounding to the type of y");
    }
    return lab::Tolerance::relative_to_scale(
        2.1 * largest(sums_of(layer)) * of_sum + (6 * epsilon + 2.02 * rounding) * most,
        "(1.1 |up| + |gate|) times what a sum may be off, a few eps, and two roundings to the type of y");
}

template <typename X, typename W>
lab::Comparison up_projection(const Rung<X, W>& rung, const LinearLayer<X, W>& layer,
                              const Variant& variant, const lab::Tolerance& tolerance) {
    const auto [m, n, k] = layer.shape;
    lab::RungCheck check("up_projection", rung.name);
    UpProjection<X, W> op{.linear = {.x = check.input("x", layer.x),
                                     .w = {check.input("w", layer.w), n, k},
                                     .m = m,
                                     .single_tokens = variant.single_tokens},
                          .activation = variant.activation};
    if (!layer.bias.empty()) op.linear.bias = check.input("bias", layer.bias);
    if (!layer.residual.empty()) op.linear.residual = check.input("residual", layer.residual);
    op.y =
        check.output<X>("y", {expected_of(layer, variant.activation), {m, op.inner()}, tolerance});
    return check.run(rung, op);
}

// One, odd, prime, around one warp and one tile, and a width of GPT-2; m, n and k all differ. n is even
// where it has to be.
const std::vector<LinearShape> shapes{{1, 1, 2},     {1, 2, 1},      {2, 3, 5},     {3, 6, 33},
                                      {7, 34, 97},   {1, 33, 256},   {31, 38, 130}, {65, 62, 257},
                                      {2, 67, 1001}, {1, 258, 4096}, {5, 192, 768}};

template <typename X, typename W>
void projects_every_shape(const Rung<X, W>& rung) {
    for (const LinearShape& shape : shapes) {
        for (const Variant& variant : variants()) {
            if (variant.activation == Activation::swiglu && shape.n % 2 != 0) continue;
            const auto layer = layer_around_zero<X, W>(shape, variant.addends);
            const auto result =
                up_projection(rung, layer, variant, tolerance_of(layer, variant.activation));
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(UpProjectionFloat, ProjectsEveryShape) {
    projects_every_shape(rung());
}
TEST_P(UpProjectionMixed, ProjectsEveryShape) {
    projects_every_shape(rung());
}
TEST_P(UpProjectionBf16, ProjectsEveryShape) {
    projects_every_shape(rung());
}

// Every function reaches the kernel that computes it, plain and gated. Bounds are loose here: the functions'
// own tests hold them tightly.
TEST_P(UpProjectionFloat, AppliesEveryFunction) {
    for (const ActivationFunction function :
         {ActivationFunction::gelu_tanh, ActivationFunction::gelu_erf,
          ActivationFunction::gelu_quick, ActivationFunction::silu, ActivationFunction::relu,
          ActivationFunction::tanh}) {
        for (const bool gated : {false, true}) {
            const auto layer = layer_around_zero<float, float>({5, 34, 97}, Addends::bias);
            const auto sums = lab::reference::to_floats(sums_of(layer));
            const auto expected =
                gated ? lab::reference::swiglu(sums, {layer.shape.m, layer.shape.n / 2}, function)
                      : lab::reference::activation(function, sums);
            lab::RungCheck check("up_projection with " + std::string(name_of(function)),
                                 rung().name);
            UpProjection<float, float> op{
                .linear = {.x = check.input("x", layer.x),
                           .w = {check.input("w", layer.w), layer.shape.n, layer.shape.k},
                           .bias = check.input("bias", layer.bias),
                           .m = layer.shape.m},
                .activation = {function, gated}};
            op.y = check.output<float>(
                "y", {expected,
                      {layer.shape.m, op.inner()},
                      lab::Tolerance::relative_to_scale(1e-4, "far below what tells two apart")});
            const auto result = check.run(rung(), op);
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}

// A NaN spoils its own row of x, or what its row of w makes.
template <typename X, typename W>
void keeps_nan_to_its_row(const Rung<X, W>& rung) {
    for (const Activation activation : {Activation::gelu, Activation::swiglu}) {
        auto layer = layer_around_zero<X, W>({5, 10, 41}, Addends::bias);
        const lab::Tolerance tolerance = tolerance_of(layer, activation);
        layer.x[2 * 41 + 40] = X(std::numeric_limits<float>::quiet_NaN());
        layer.w[7 * 41] = W(std::numeric_limits<float>::quiet_NaN());
        for (const bool single_tokens : {false, true}) {
            const auto result = up_projection(rung, layer, {activation, single_tokens}, tolerance);
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}
TEST_P(UpProjectionFloat, KeepsNanToItsRow) {
    keeps_nan_to_its_row(rung());
}
TEST_P(UpProjectionBf16, KeepsNanToItsRow) {
    keeps_nan_to_its_row(rung());
}

// Rows of no elements have no products; the activation of the bias is left, and gelu(0) = silu(0) = 0.
TEST_P(UpProjectionMixed, GivesTheActivationOfTheBiasForEmptyRows) {
    LinearLayer<float, __nv_bfloat16> layer{{2, 4, 0}, {}, {}, {0, 20, 2, -3}};
    const auto tolerance = lab::Tolerance::relative_to_value(4 * epsilon, "a few roundings");
    for (const Activation activation : {Activation::gelu, Activation::swiglu}) {
        for (const bool single_tokens : {false, true}) {
            if (activation == Activation::gelu) layer.bias = {0, 20, 2, 1};
            const auto result =
                up_projection(rung(), layer, {activation, single_tokens}, tolerance);
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}

TEST_P(UpProjectionMixed, DoesNothingForAnEmptyResult) {
    for (const Activation activation : {Activation::gelu, Activation::swiglu}) {
        EXPECT_NO_THROW(rung().run(
            {.linear = {.w = {nullptr, 6, 4}, .m = 0}, .activation = activation}, nullptr));
        EXPECT_NO_THROW(rung().run(
            {.linear = {.w = {nullptr, 0, 4}, .m = 3}, .activation = activation}, nullptr));
    }
}

// Device memory for an operation whose numbers do not matter: 16 tokens, 8 outputs, 32 inputs.
template <typename X, typename W>
struct Memory {
    lab::GuardedBuffer<X> x{512}, y{512};
    lab::GuardedBuffer<W> w{512};
    lab::GuardedBuffer<float> bias{512}, residual{512};
    lab::GuardedBuffer<std::byte> workspace{4096};

    UpProjection<X, W> op() {
        return {.linear = {.x = x.data(),
                           .w = {w.data(), 8, 32},
                           .bias = bias.data(),
                           .residual = residual.data(),
                           .m = 16},
                .y = y.data(),
                .activation = Activation::swiglu,
                .workspace = {workspace.data(), workspace.size()}};
    }
};

template <typename X, typename W>
void refuses_bad_arguments(const Rung<X, W>& rung) {
    using Op = UpProjection<X, W>;
    Memory<X, W> memory;
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = memory.op();
        spoil(bad);
        const std::string said = tests::complaint([&] { rung.run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("up_projection: n is 7; with gates", [](Op& op) { op.linear.w.rows = 7; });
    refuses("linear: m is -1; a size is 0 or more", [](Op& op) { op.linear.m = -1; });
    refuses("linear: n is -1; a size is 0 or more", [](Op& op) { op.linear.w.rows = -1; });
    refuses("linear: k is -1; a size is 0 or more", [](Op& op) { op.linear.w.columns = -1; });
    refuses("linear: m (", [](Op& op) { op.linear.m = most / 8; });
    refuses("linear: n (", [](Op& op) { op.linear.w.rows = most / 8 - 1; });
    refuses("up_projection: y is null", [](Op& op) { op.y = nullptr; });
    refuses("linear: x is null", [](Op& op) { op.linear.x = nullptr; });
    refuses("linear: w is null", [](Op& op) { op.linear.w.values = nullptr; });
    refuses("up_projection: y is not aligned", [](Op& op) { op.y += 1; });
    refuses("linear: x is not aligned", [](Op& op) { op.linear.x += 1; });
    refuses("linear: w is not aligned", [](Op& op) { op.linear.w.values += 1; });
    refuses("linear: bias is not aligned", [](Op& op) { op.linear.bias += 2; });
    refuses("linear: residual is not aligned", [](Op& op) { op.linear.residual += 1; });
    EXPECT_TRUE(memory.y.unchanged()) << "a refused call has written";
}
TEST_P(UpProjectionFloat, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(UpProjectionMixed, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}
TEST_P(UpProjectionBf16, RefusesBadArguments) {
    refuses_bad_arguments(rung());
}

// A rung says in one sentence how much it lacks, before it has written anything.
template <typename X, typename W>
void refuses_a_workspace_that_is_too_small(const Rung<X, W>& rung) {
    Memory<X, W> memory;
    UpProjection<X, W> op = memory.op();
    const std::size_t needed = rung.workspace(op);
    if (needed == 0) return;
    op.workspace = op.workspace.first(needed - 1);
    EXPECT_EQ(tests::complaint([&] { rung.run(op, nullptr); }),
              "up_projection " + std::string(rung.name) + ": the workspace has " +
                  std::to_string(needed - 1) + " bytes and needs at least " +
                  std::to_string(needed) + "; hand in as many as the rung's workspace() says");
    EXPECT_TRUE(memory.y.unchanged()) << "a refused call has written";
}
TEST_P(UpProjectionMixed, RefusesAWorkspaceThatIsTooSmall) {
    refuses_a_workspace_that_is_too_small(rung());
}
TEST_P(UpProjectionBf16, RefusesAWorkspaceThatIsTooSmall) {
    refuses_a_workspace_that_is_too_small(rung());
}

// What a linear layer counts, with y in place of the sums.
TEST(UpProjectionWork, CountsWhatMustMove) {
    UpProjection<__nv_bfloat16, __nv_bfloat16> op{.linear = {.w = {nullptr, 6, 7}, .m = 3}};
    EXPECT_EQ(op.inner(), 6);
    EXPECT_EQ(op.work().bytes, 3 * 7 * 2 + 6 * 7 * 2 + 3 * 6 * 2);
    EXPECT_EQ(op.work().flops, 2 * 3 * 6 * 7);
    op.activation = Activation::swiglu;
    EXPECT_EQ(op.inner(), 3);
    EXPECT_EQ(op.work().bytes, 3 * 7 * 2 + 6 * 7 * 2 + 3 * 3 * 2);
    EXPECT_EQ(op.sizes(), (std::vector<std::int64_t>{3, 6, 7}));
}

// An operation in device memory that is all its own.
template <typename X, typename W>
class OnDevice {
 public:
    OnDevice(const LinearLayer<X, W>& layer, const Variant& variant)
        : x_(layer.x), w_(layer.w), bias_(layer.bias), residual_(layer.residual) {
        // Null where the layer has no bias or residual, as DeviceBuffer has it.
        op_ = {.linear = {.x = x_.data(),
                          .w = {w_.data(), layer.shape.n, layer.shape.k},
                          .bias = bias_.data(),
                          .residual = residual_.data(),
                          .m = layer.shape.m,
                          .single_tokens = variant.single_tokens},
               .activation = variant.activation};
        y_ = DeviceBuffer<X>(static_cast<std::size_t>(op_.linear.m * op_.inner()));
        op_.y = y_.data();
    }

    const UpProjection<X, W>& op() const { return op_; }
    std::vector<X> run(const Rung<X, W>& rung) {
        UpProjection<X, W> op = op_;
        DeviceBuffer<std::byte> workspace(rung.workspace(op));
        op.workspace = {workspace.data(), workspace.size()};
        rung.run(op, nullptr);
        return y_.download();
    }
    std::vector<X> y() const { return y_.download(); }

 private:
    DeviceBuffer<X> x_;
    DeviceBuffer<W> w_;
    DeviceBuffer<float> bias_, residual_;
    DeviceBuffer<X> y_;
    UpProjection<X, W> op_;
};

// A batch must not change a sequence's numbers: each row alone gives the same bits.
template <typename X, typename W>
void gives_a_row_the_same_bits_in_any_batch(const Rung<X, W>& rung) {
    constexpr LinearShape shape{9, 38, 130};
    for (const Variant& variant : variants()) {
        if (variant.addends != Addends::bias) continue;
        const auto layer = layer_around_zero<X, W>(shape, variant.addends);
        const auto batch = OnDevice<X, W>(layer, variant).run(rung);
        const std::int64_t inner = static_cast<std::int64_t>(batch.size()) / shape.m;
        for (std::int64_t i = 0; i < shape.m; ++i) {
            auto row = layer;
            row.x.assign(layer.x.begin() + i * shape.k, layer.x.begin() + (i + 1) * shape.k);
            row.shape.m = 1;
            const auto alone = OnDevice<X, W>(row, variant).run(rung);
            EXPECT_EQ(std::memcmp(alone.data(), &batch[i * inner], inner * sizeof(X)), 0)
                << rung.name << ": row " << i << " is not the same alone as among " << shape.m;
        }
    }
}
TEST_P(UpProjectionFloat, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(UpProjectionMixed, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}
TEST_P(UpProjectionBf16, GivesARowTheSameBitsInAnyBatch) {
    gives_a_row_the_same_bits_in_any_batch(rung());
}

// The chain is the plain operations one after the other: the same bits, by the ladders that serve them.
template <typename X, typename W>
void expect_the_bits_of_its_parts(std::string_view ladder_of_many) {
    constexpr LinearShape shape{5, 70, 257};
    const auto& chain = up_projection_ladder<X, W>.rungs.front();
    for (const Variant& variant : variants()) {
        const auto layer = layer_around_zero<X, W>(shape, variant.addends);
        Trace trace;
        std::vector<X> of_chain;
        {
            const UseSelection use(selection_in_force(), &trace);
            of_chain = OnDevice<X, W>(layer, variant).run(chain);
        }

        OnDevice<X, W> parts(layer, variant);
        DeviceBuffer<float> sums(static_cast<std::size_t>(shape.m * shape.n));
        matmul::Linear<X, W> linear = parts.op().linear;
        linear.y = sums.data();
        quantization::run_linear(linear, nullptr);
        if (variant.activation == Activation::gelu) {
            run(instructions::gelu_ladder<X>,
                {.x = sums.data(), .y = parts.op().y, .n = shape.m * shape.n}, nullptr);
        } else {
            run(fused_kernels::swiglu_ladder<X>, {sums.data(), parts.op().y, shape.m, shape.n / 2},
                nullptr);
        }
        EXPECT_EQ(std::memcmp(of_chain.data(), parts.y().data(), of_chain.size() * sizeof(X)), 0);

        const std::vector<TraceEntry> entries = trace.finish();
        ASSERT_EQ(entries.size(), 2U) << "what the chain ran, by run()";
        EXPECT_EQ(entries[0].operation, variant.single_tokens ? "gemv" : ladder_of_many);
        EXPECT_EQ(entries[1].operation, variant.activation == Activation::gelu ? "gelu" : "swiglu");
    }
}
TEST(UpProjectionChain, HasTheBitsOfItsParts) {
    expect_the_bits_of_its_parts<float, float>("matmul");
    expect_the_bits_of_its_parts<float, __nv_bfloat16>("matmul");
    expect_the_bits_of_its_parts<__nv_bfloat16, __nv_bfloat16>("bf16_matmul");
}

}  // namespace
}  // namespace t2t
