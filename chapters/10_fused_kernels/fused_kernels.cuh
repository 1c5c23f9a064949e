/// @file
/// Several operations in one kernel: the ladder of chapter 10.
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

namespace t2t::fused_kernels {

/// y[r, c] = silu(gate[r, c]) · up[r, c] with silu(x) = x / (1 + e⁻ˣ), computed in fp32.
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
    std::span<std::byte> workspace = {};  ///< as the rung asks for

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
        Rung<Swiglu<T>>{"v2_swiglu_fused", v2_swiglu_fused<T>, "both in one kernel"},
    },
    type_text<T>};

}  // namespace t2t::fused_kernels
