/// @file
/// Several operations in one kernel: the ladders of chapter 10.
///
/// The first rung of each ladder is the chain that a fused kernel replaces: it needs none of the rungs above
/// it, and they are held against it. Where the chain's parts are operations of other chapters, it calls them
/// through run(), so whatever serves them serves it too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "chapters/05_matmul/matmul.cuh"
#include "chapters/09_normalization/normalization.cuh"
#include "common/device/activation.hpp"
#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::fused_kernels {

/// y[r, c] = silu(gate[r, c]) · up[r, c] with silu(x) = x / (1 + e⁻ˣ), computed in fp32. Another function in
/// place of silu gives the other gated units: GEGLU, ReGLU.
/// (Shazeer, GLU Variants Improve Transformer, 2020.)
///
/// @tparam T float or __nv_bfloat16: the type of y
template <typename T>
struct Swiglu {
    /// [rows, 2 · width], row-major: in each row first the gates, then the ups, as one matrix product with
    /// both weights gives them
    const float* gate_up = nullptr;
    T* y = nullptr;  ///< [rows, width], row-major, overwritten; must not overlap gate_up
    /// The tokens. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t width = 0;  ///< values of one row of y; a row of gate_up holds twice as many
    std::span<std::byte> workspace = {};                     ///< as the rung asks for
    ActivationFunction function = ActivationFunction::silu;  ///< of the gates

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
    ///                               not 16-byte aligned
    bool check() const {
        // A row of gate_up is 2 · width floats: width elements of twice the size.
        require_extent("swiglu", {{"rows", rows}, {"width", width}}, 2 * sizeof(float));
        if (rows == 0 || width == 0) return false;
        require_pointer("swiglu", "gate_up", gate_up, sizeof(float4));
        require_pointer("swiglu", "y", y, sizeof(float4));
        return true;
    }
    /// gate and up are read, y is written. A handful of operations for each element is nothing beside
    /// that, and is not counted.
    Work work() const {
        return {static_cast<double>(rows) * static_cast<double>(width) *
                    (2 * sizeof(float) + sizeof(T)),
                0};
    }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, width}; }
};

template <typename T>
void v1_swiglu_chain(const Swiglu<T>& op, cudaStream_t stream);
template <typename T>
void v2_swiglu_fused(const Swiglu<T>& op, cudaStream_t stream);

/// The ladder of SwiGLU: how often the intermediate result travels to memory and back. Every launcher throws
/// what check() throws, and t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder swiglu_ladder{
    "swiglu",
    std::array{
        Rung<Swiglu<T>>{"v1_swiglu_chain", v1_swiglu_chain<T>, "one kernel for silu, one for ·"},
        Rung<Swiglu<T>>{
            .name = "v2_swiglu_fused",
            .run = v2_swiglu_fused<T>,
            .idea = "both in one kernel",
            .takes = {"silu",
                      [](const Swiglu<T>& op) { return op.function == ActivationFunction::silu; }}},
    },
    type_text<T>};

/// x[r, c] += y[r, c] in fp32, in place: the residual stream. Then the norm that comes next: normed[r, ·] =
/// LayerNorm or RMSNorm of x[r, ·], as normalization::LayerNorm and RmsNorm compute it.
///
/// @tparam T float or __nv_bfloat16: the type of normed
template <typename T>
struct ResidualNorm {
    float* x = nullptr;        ///< [rows, width], row-major; read, and overwritten with the sum
    const float* y = nullptr;  ///< [rows, width], row-major: what is added
    const float* weight = nullptr;  ///< [width], the norm's
    const float* bias =
        nullptr;          ///< [width], the norm's, of a LayerNorm; null: RMSNorm, which has none
    T* normed = nullptr;  ///< [rows, width], row-major, overwritten. None of the arrays overlap
    /// The tokens. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t width = 0;               ///< elements of one row: the model's width
    float epsilon = 0;                    ///< added under the norm's root, > 0
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, ε that is not > 0, a null pointer where
    ///                               none may be, or a pointer that is not 16-byte aligned
    bool check() const {
        require_extent("residual_norm", {{"rows", rows}, {"width", width}}, sizeof(float));
        normalization::require_epsilon("residual_norm", epsilon);
        if (rows == 0 || width == 0) return false;
        require_pointer("residual_norm", "x", x, sizeof(float4));
        require_pointer("residual_norm", "y", y, sizeof(float4));
        require_pointer("residual_norm", "weight", weight, sizeof(float4));
        if (bias != nullptr) require_pointer("residual_norm", "bias", bias, sizeof(float4));
        require_pointer("residual_norm", "normed", normed, sizeof(float4));
        return true;
    }
    /// x and y are read, x and normed are written; weight and bias are read. A handful of operations for
    /// each element is nothing beside that, and is not counted.
    Work work() const {
        const auto columns = static_cast<double>(width);
        return {static_cast<double>(rows) * columns * (3 * sizeof(float) + sizeof(T)) +
                    (bias == nullptr ? 1 : 2) * columns * sizeof(float),
                0};
    }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, width}; }
};

template <typename T>
void v1_residual_norm_chain(const ResidualNorm<T>& op, cudaStream_t stream);
/// What v1_residual_norm_chain needs: its parts work in the operation's own arrays.
template <typename T>
std::size_t v1_residual_norm_chain_workspace(const ResidualNorm<T>& op);

/// The ladder of residual and norm: how often the residual stream travels. Every launcher throws what check()
/// throws, and t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder residual_norm_ladder{
    "residual_norm",
    std::array{
        Rung<ResidualNorm<T>>{.name = "v1_residual_norm_chain",
                              .run = v1_residual_norm_chain<T>,
                              .idea = "vector_add, then layer_norm or rms_norm",
                              .workspace = v1_residual_norm_chain_workspace<T>},
    },
    type_text<T>};

/// A linear layer of normed rows: linear, with LayerNorm or RMSNorm of x[i, ·], rounded to X, in place of
/// linear.x[i, ·].
///
/// A row of y does not depend on m, nor on the other rows of x, to the bit, as with matmul::Linear.
///
/// @tparam X, W as in matmul::Linear: fp32 and fp32, fp32 and bf16, or bf16 and bf16
template <typename X, typename W>
struct NormLinear {
    const float* x = nullptr;       ///< [m, k], row-major; must not overlap linear.y
    const float* weight = nullptr;  ///< [k], the norm's
    const float* bias =
        nullptr;        ///< [k], the norm's, of a LayerNorm; null: RMSNorm, which has none
    float epsilon = 0;  ///< added under the norm's root, > 0
    /// The layer: w, its own bias and residual, y, m and single_tokens are as there. Its x and its
    /// workspace are ignored.
    matmul::Linear<X, W> linear{};
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument ε that is not > 0; a wrong size or pointer, as matmul::Linear::check().
    ///                               Where it is the layer's, the sentence is the layer's as well
    bool check() const {
        require_extent("norm_linear", {{"m", linear.m}, {"k", linear.k()}}, sizeof(float));
        normalization::require_epsilon("norm_linear", epsilon);
        if (linear.m > 0 && linear.n() > 0 && linear.k() > 0) {
            require_pointer("norm_linear", "x", x, sizeof(float4));
            require_pointer("norm_linear", "weight", weight, sizeof(float4));
            if (bias != nullptr) require_pointer("norm_linear", "bias", bias, sizeof(float4));
        }
        // The normed rows have no address yet: that of x, which is a good one, stands in for it.
        matmul::Linear<X, W> layer = linear;
        layer.x = reinterpret_cast<const X*>(x);
        return layer.check();
    }
    /// As matmul::Linear::work(), with the rows of x in fp32, and the norm's weight and bias.
    Work work() const {
        Work work = linear.work();
        const auto columns = static_cast<double>(linear.k());
        work.bytes += static_cast<double>(linear.m) * columns * (sizeof(float) - sizeof(X)) +
                      (bias == nullptr ? 1 : 2) * columns * sizeof(float);
        return work;
    }
    /// m, n and k, for traces and messages.
    std::vector<std::int64_t> sizes() const { return linear.sizes(); }
};

template <typename X, typename W>
void v1_norm_linear_chain(const NormLinear<X, W>& op, cudaStream_t stream);
/// What v1_norm_linear_chain needs: the normed rows, [m, k] in X, and what its parts need.
template <typename X, typename W>
std::size_t v1_norm_linear_chain_workspace(const NormLinear<X, W>& op);

/// The ladder of norm and linear layer: whether the normed rows travel. Every launcher throws what check()
/// throws, std::invalid_argument when the workspace is too small, and t2t::CudaError when the device refuses
/// the launch.
template <typename X, typename W>
inline constexpr Ladder norm_linear_ladder{
    "norm_linear",
    std::array{
        Rung<NormLinear<X, W>>{.name = "v1_norm_linear_chain",
                               .run = v1_norm_linear_chain<X, W>,
                               .idea = "layer_norm or rms_norm, then a linear layer",
                               .workspace = v1_norm_linear_chain_workspace<X, W>},
    },
    type_pair_text<X, W>};

/// What comes between the two linear layers of an MLP.
struct Activation {
    ActivationFunction function;  ///< of each sum, or of each gate
    bool gated = false;  ///< a row of sums is its gates and then its ups, and Swiglu joins them

    bool operator==(const Activation&) const = default;  ///< both alike

    static const Activation gelu;    ///< GPT-2's
    static const Activation swiglu;  ///< the Llama family's
};
inline constexpr Activation Activation::gelu{ActivationFunction::gelu_tanh};
inline constexpr Activation Activation::swiglu{ActivationFunction::silu, true};

/// The first half of an MLP: y[i, ·] = activation(s[i, ·]), where s is the y of `linear`, in fp32.
///
/// A row of y does not depend on m, nor on the other rows of x, to the bit, as with matmul::Linear.
///
/// @tparam X, W as in matmul::Linear: fp32 and fp32, fp32 and bf16, or bf16 and bf16. y is in X, for it is
///              the x of the next layer
template <typename X, typename W>
struct UpProjection {
    /// The layer: x, w, bias, residual, m and single_tokens are as there. Where the activation is gated, the
    /// first half of w's rows are the gates', the second the ups'. Its y and its workspace are ignored.
    matmul::Linear<X, W> linear{};
    X* y = nullptr;  ///< [m, inner()], row-major, overwritten; overlaps none of the others
    Activation activation = Activation::gelu;  ///< also says how wide y is
    std::span<std::byte> workspace = {};       ///< as the rung asks for

    /// Columns of y: n, or n / 2 where the activation is gated.
    std::int64_t inner() const { return activation.gated ? linear.n() / 2 : linear.n(); }

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument odd n with gates; a wrong size or pointer, as matmul::Linear::check().
    ///                               Where it is the layer's, the sentence is the layer's as well
    bool check() const {
        if (activation.gated && linear.n() % 2 == 1) {
            throw std::invalid_argument(
                "up_projection: n is " + std::to_string(linear.n()) +
                "; with gates w has as many rows for the gates as for the ups, so n is even");
        }
        if (linear.m > 0 && linear.n() > 0) {
            require_pointer("up_projection", "y", y, sizeof(float4));
        }
        // The sums have no address yet: that of y, which is a good one, stands in for it.
        matmul::Linear<X, W> layer = linear;
        layer.y = reinterpret_cast<float*>(y);
        return layer.check();
    }
    /// As matmul::Linear::work(), with y in place of the sums. The activation's operations are not counted.
    Work work() const {
        Work work = linear.work();
        const auto rows = static_cast<double>(linear.m);
        work.bytes += rows * static_cast<double>(inner()) * sizeof(X) -
                      rows * static_cast<double>(linear.n()) * sizeof(float);
        return work;
    }
    /// m, n and k, for traces and messages.
    std::vector<std::int64_t> sizes() const { return linear.sizes(); }
};

template <typename X, typename W>
void v1_up_projection_chain(const UpProjection<X, W>& op, cudaStream_t stream);
/// What v1_up_projection_chain needs: the sums, [m, n] in fp32, and what its parts need.
template <typename X, typename W>
std::size_t v1_up_projection_chain_workspace(const UpProjection<X, W>& op);

/// The ladder of linear layer and activation: whether the sums travel. Every launcher throws what check()
/// throws, std::invalid_argument when the workspace is too small, and t2t::CudaError when the device refuses
/// the launch.
template <typename X, typename W>
inline constexpr Ladder up_projection_ladder{
    "up_projection",
    std::array{
        Rung<UpProjection<X, W>>{.name = "v1_up_projection_chain",
                                 .run = v1_up_projection_chain<X, W>,
                                 .idea = "a linear layer, then its activation",
                                 .workspace = v1_up_projection_chain_workspace<X, W>},
    },
    type_pair_text<X, W>};

}  // namespace t2t::fused_kernels
