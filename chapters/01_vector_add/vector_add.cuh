/// @file
/// Vector add in fp32: the ladder of chapter 01.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::vector_add {

/// c[i] = a[i] + b[i] in fp32, rounded to nearest.
struct VectorAdd {
    const float* a = nullptr;  ///< [n]
    const float* b = nullptr;  ///< [n]
    /// [n], overwritten; may be `a` or `b` itself (c = a gives x += y), but must not overlap them in any
    /// other way
    float* c = nullptr;
    std::int64_t n = 0;  ///< elements; with n = 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
    ///                               not 16-byte aligned (every address from cudaMalloc is)
    bool check() const {
        require_extent("vector_add", {{"n", n}}, sizeof(float));
        if (n == 0) return false;
        require_pointer("vector_add", "a", a, sizeof(float4));
        require_pointer("vector_add", "b", b, sizeof(float4));
        require_pointer("vector_add", "c", c, sizeof(float4));
        return true;
    }
    /// a and b are read, c is written; one addition for each element.
    Work work() const { return {12.0 * static_cast<double>(n), static_cast<double>(n)}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_one_element(const VectorAdd& op, cudaStream_t stream);
void v2_grid_stride(const VectorAdd& op, cudaStream_t stream);
void v3_vectorised(const VectorAdd& op, cudaStream_t stream);

/// The ladder, from the ground up. Tests, benchmarks, docs and the generator read it here. Every launcher
/// throws what check() throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder ladder{
    "vector_add",
    std::array{
        Rung<VectorAdd>{"v1_one_element", v1_one_element, "one thread for each element"},
        Rung<VectorAdd>{"v2_grid_stride", v2_grid_stride, "as many threads as fit, each in a loop"},
        Rung<VectorAdd>{"v3_vectorised", v3_vectorised,
                        "four neighbours per thread, 16 bytes per access"},
    }};

}  // namespace t2t::vector_add
