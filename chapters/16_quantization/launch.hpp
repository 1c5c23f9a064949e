/// @file
/// What the rungs of chapter 16 need around their kernels: checked arguments.
#pragma once

#include <cstdint>

#include "chapters/16_quantization/quantization.cuh"
#include "common/device/arguments.hpp"

namespace t2t::quantization {

/// Lanes of a warp.
inline constexpr int warp_size = 32;
/// Bytes of the widest load, to which every operand is aligned.
inline constexpr int vector_bytes = 16;

/// Checks the arguments of a GEMV. @returns false when there is nothing to do.
template <typename T, typename Weight>
bool has_work(const T* x, const Weight* w, const float* bias, const float* y,
              const GemvShape& shape) {
    require_extent("gemv", shape.m, shape.k, sizeof(T));
    require_extent("gemv", shape.n, shape.k, sizeof(Weight));
    require_extent("gemv", shape.m, shape.n, sizeof(float));
    if (shape.m == 0 || shape.n == 0) return false;
    // With k = 0 there is nothing to read in x and w.
    if (shape.k > 0) require_pointer("gemv", "x", x, vector_bytes);
    if (shape.k > 0) require_pointer("gemv", "w", w, vector_bytes);
    if (bias != nullptr) require_pointer("gemv", "bias", bias, vector_bytes);
    require_pointer("gemv", "y", y, vector_bytes);
    return true;
}

/// The grid of a GEMV whose blocks have one row of x and `rows_per_block` rows of w each. Block b
/// has row b mod m of x: blocks that read the same weights start one after the other, so that all
/// but the first find them in L2.
inline unsigned gemv_blocks(const GemvShape& shape, std::int64_t rows_per_block) {
    return require_blocks("gemv", ceil_div(shape.n, rows_per_block) * shape.m);
}

/// Checks the arguments of a rounding. @returns false when there is nothing to do.
inline bool has_work(const float* x, const __nv_bfloat16* y, std::int64_t n) {
    require_size("round_to_bf16", "n", n);
    require_extent("round_to_bf16", 1, n, sizeof(float));
    if (n == 0) return false;
    require_pointer("round_to_bf16", "x", x, vector_bytes);
    require_pointer("round_to_bf16", "y", y, vector_bytes);
    return true;
}

}  // namespace t2t::quantization
