/// @file
/// A linear layer: the operation of chapters 05, 11, 12 and 16, and the ladder of chapter 05, in fp32.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::matmul {

/// A layer's weights, one row for each output, as PyTorch stores them.
/// @tparam W float or __nv_bfloat16
template <typename W>
struct Matrix {
    const W* values = nullptr;  ///< [rows, columns], row-major
    std::int64_t rows = 0;      ///< n: the layer's outputs
    std::int64_t columns = 0;   ///< k: the layer's inputs

    /// Bytes of all values.
    double bytes() const {
        return static_cast<double>(rows) * static_cast<double>(columns) * sizeof(W);
    }
};

/// y[i, j] = bias[j] + residual[i, j] + Σₖ x[i, k] · w[j, k], summed in fp32.
///
/// A row of y does not depend on m, nor on the other rows of x, to the bit: a sequence gets the same
/// numbers in a batch as alone.
///
/// Four ladders take this operation: chapters 05 (fp32), 11 and 12 (bf16 on tensor cores), and 16 (few
/// rows). See quantization::linear().
///
/// @tparam X float or __nv_bfloat16: the type of x
/// @tparam W float or __nv_bfloat16, and __nv_bfloat16 where X is. bf16 is widened, which is exact
template <typename X, typename W>
struct Linear {
    const X* x = nullptr;             ///< [m, k], row-major
    Matrix<W> w{};                    ///< [n, k]
    const float* bias = nullptr;      ///< [n], or null for none
    const float* residual = nullptr;  ///< [m, n], added to y; may be y itself; or null for none
    float* y =
        nullptr;  ///< [m, n], row-major, overwritten; overlaps none of the others but residual
    /// Rows of x and y: the tokens. With m = 0 or n = 0 nothing happens and the pointers may be null; with
    /// k = 0 there are no products.
    std::int64_t m = 0;
    /// Each row is one sequence's only token in this pass. Then the GEMV ladder serves the layer, whatever
    /// m is: what a sequence gets must not depend on how many others there are.
    bool single_tokens = false;
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    std::int64_t n() const { return w.rows; }     ///< columns of y: the layer's outputs
    std::int64_t k() const { return w.columns; }  ///< columns of x: the layer's inputs

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is not
    ///                               16-byte aligned
    bool check() const {
        constexpr int alignment = 16;  // bytes
        require_extent("linear", {{"m", m}, {"k", k()}}, sizeof(X));
        require_extent("linear", {{"n", n()}, {"k", k()}}, sizeof(W));
        require_extent("linear", {{"m", m}, {"n", n()}}, sizeof(float));
        if (m == 0 || n() == 0) return false;
        // With k = 0 there is nothing to read in x and w.
        if (k() > 0) require_pointer("linear", "x", x, alignment);
        if (k() > 0) require_pointer("linear", "w", w.values, alignment);
        if (bias != nullptr) require_pointer("linear", "bias", bias, alignment);
        if (residual != nullptr) require_pointer("linear", "residual", residual, alignment);
        require_pointer("linear", "y", y, alignment);
        return true;
    }
    /// x, w, bias and residual are read, y is written; a product and a sum for each weight and row.
    Work work() const {
        const auto rows = static_cast<double>(m);
        const auto outputs = static_cast<double>(n());
        const auto inputs = static_cast<double>(k());
        return {rows * inputs * sizeof(X) + w.bytes() +
                    (residual == nullptr ? 1 : 2) * rows * outputs * sizeof(float) +
                    (bias == nullptr ? 0 : outputs * sizeof(float)),
                2 * rows * outputs * inputs};
    }
    /// m, n and k, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {m, n(), k()}; }
};

/// What is left to do with a finished sum of products: `sum` + bias[j] + residual[i, j].
/// @param at i · n + j, the place of the output in y
__device__ inline float with_bias_and_residual(float sum, const float* bias, const float* residual,
                                               std::int64_t j, std::int64_t at) {
    if (bias != nullptr) sum += bias[j];
    if (residual != nullptr) sum += residual[at];
    return sum;
}

template <typename W>
void v1_naive(const Linear<float, W>& op, cudaStream_t stream);
template <typename W>
void v2_shared_tiles(const Linear<float, W>& op, cudaStream_t stream);

/// The ladder: how often each number is fetched. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
template <typename W>
inline constexpr Ladder ladder{
    "matmul",
    std::array{
        Rung<Linear<float, W>>{"v1_naive", v1_naive<W>, "one thread for each output"},
        Rung<Linear<float, W>>{"v2_shared_tiles", v2_shared_tiles<W>,
                               "a block fetches tiles of x and w once, for all its threads"},
    },
    type_pair_text<float, W>};

}  // namespace t2t::matmul
