/// @file
/// LayerNorm and RMSNorm: the ladders of chapter 09.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::normalization {

/// ε keeps the root of a row of zeros from being 0.
/// @throws std::invalid_argument when `epsilon` is not > 0
inline void require_epsilon(std::string_view operation, float epsilon) {
    if (!(epsilon > 0)) {
        throw std::invalid_argument(std::string(operation) + ": epsilon is " +
                                    std::to_string(epsilon) +
                                    "; it keeps the root from being 0, so it is more than 0");
    }
}

/// y[r, c] = (x[r, c] − μᵣ) / √(σᵣ² + ε) · weight[c] + bias[c], with μᵣ and σᵣ² the mean and the
/// (biased) variance of row r. (Ba, Kiros and Hinton, Layer Normalization, 2016.)
///
/// Computed in fp32; the variance is the mean of squared distances from μᵣ, which does not cancel
/// when a row lies far from 0.
///
/// @tparam T float or __nv_bfloat16: the type of y
template <typename T>
struct LayerNorm {
    const float* x = nullptr;       ///< [rows, width], row-major
    const float* weight = nullptr;  ///< [width]
    const float* bias = nullptr;    ///< [width]
    T* y = nullptr;  ///< [rows, width], row-major, overwritten; must not overlap the others
    /// The tokens. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t width = 0;               ///< elements of one row: the model's width
    float epsilon = 0;                    ///< added under the root, > 0
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, ε that is not > 0, a null pointer, or a
    ///                               pointer that is not 16-byte aligned
    bool check() const {
        require_extent("layer_norm", {{"rows", rows}, {"width", width}}, sizeof(float));
        require_epsilon("layer_norm", epsilon);
        if (rows == 0 || width == 0) return false;
        require_pointer("layer_norm", "x", x, sizeof(float4));
        require_pointer("layer_norm", "weight", weight, sizeof(float4));
        require_pointer("layer_norm", "bias", bias, sizeof(float4));
        require_pointer("layer_norm", "y", y, sizeof(float4));
        return true;
    }
    /// x, weight and bias are read, y is written. A handful of operations for each element is nothing
    /// beside that, and is not counted.
    Work work() const {
        const auto columns = static_cast<double>(width);
        return {static_cast<double>(rows) * columns * (sizeof(float) + sizeof(T)) +
                    2 * columns * sizeof(float),
                0};
    }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, width}; }
};

template <typename T>
void v1_layer_norm_thread_per_row(const LayerNorm<T>& op, cudaStream_t stream);
template <typename T>
void v2_layer_norm_block_per_row(const LayerNorm<T>& op, cudaStream_t stream);

/// The ladder of LayerNorm: how threads share a row. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder layer_norm_ladder{
    "layer_norm",
    std::array{
        Rung<LayerNorm<T>>{"v1_layer_norm_thread_per_row", v1_layer_norm_thread_per_row<T>,
                           "one thread per row"},
        Rung<LayerNorm<T>>{"v2_layer_norm_block_per_row", v2_layer_norm_block_per_row<T>,
                           "one block per row, sums halved in shared memory"},
    },
    type_text<T>, /*on_cpu_device=*/"v1_layer_norm_thread_per_row"};

/// y[r, c] = x[r, c] / √(mean of x[r, ·]² + ε) · weight[c], computed in fp32.
/// (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.)
///
/// @tparam T float or __nv_bfloat16: the type of y
template <typename T>
struct RmsNorm {
    const float* x = nullptr;       ///< [rows, width], row-major
    const float* weight = nullptr;  ///< [width]
    T* y = nullptr;  ///< [rows, width], row-major, overwritten; must not overlap the others
    /// The tokens. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t width = 0;               ///< elements of one row: the model's width
    float epsilon = 0;                    ///< added under the root, > 0
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument as LayerNorm::check()
    bool check() const {
        require_extent("rms_norm", {{"rows", rows}, {"width", width}}, sizeof(float));
        require_epsilon("rms_norm", epsilon);
        if (rows == 0 || width == 0) return false;
        require_pointer("rms_norm", "x", x, sizeof(float4));
        require_pointer("rms_norm", "weight", weight, sizeof(float4));
        require_pointer("rms_norm", "y", y, sizeof(float4));
        return true;
    }
    /// x and weight are read, y is written; as LayerNorm::work().
    Work work() const {
        const auto columns = static_cast<double>(width);
        return {static_cast<double>(rows) * columns * (sizeof(float) + sizeof(T)) +
                    columns * sizeof(float),
                0};
    }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, width}; }
};

template <typename T>
void v1_rms_norm_thread_per_row(const RmsNorm<T>& op, cudaStream_t stream);
template <typename T>
void v2_rms_norm_block_per_row(const RmsNorm<T>& op, cudaStream_t stream);

/// The ladder of RMSNorm: how threads share a row. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
template <typename T>
inline constexpr Ladder rms_norm_ladder{
    "rms_norm",
    std::array{
        Rung<RmsNorm<T>>{"v1_rms_norm_thread_per_row", v1_rms_norm_thread_per_row<T>,
                         "one thread per row"},
        Rung<RmsNorm<T>>{"v2_rms_norm_block_per_row", v2_rms_norm_block_per_row<T>,
                         "one block per row, sums halved in shared memory"},
    },
    type_text<T>, /*on_cpu_device=*/"v1_rms_norm_thread_per_row"};

}  // namespace t2t::normalization
