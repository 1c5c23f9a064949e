/// @file
/// What the rungs of chapter 09 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "chapters/09_normalization/normalization.cuh"
#include "common/device/arguments.hpp"

namespace t2t::normalization {

/// Threads in a block; the block-per-row rungs take fewer for a narrow row.
inline constexpr int block_size = 256;
/// Lanes of a warp.
inline constexpr int warp_size = 32;

/// Checks what both norms share. @returns false when there is nothing to do.
template <typename T>
bool has_work(std::string_view operation, const float* x, const float* weight, const T* y,
              const NormShape& shape) {
    require_size(operation, "width", shape.width);
    require_extent(operation, shape.rows, shape.width, sizeof(float));
    if (!(shape.epsilon > 0)) {
        throw std::invalid_argument(std::string(operation) + ": epsilon is " +
                                    std::to_string(shape.epsilon) +
                                    "; it keeps the root from being 0, so it is more than 0");
    }
    if (shape.rows == 0 || shape.width == 0) return false;
    require_pointer(operation, "x", x, sizeof(float4));
    require_pointer(operation, "weight", weight, sizeof(float4));
    require_pointer(operation, "y", y, sizeof(float4));
    return true;
}

/// Checks the arguments of LayerNorm. @returns false when there is nothing to do.
template <typename T>
bool has_work(const float* x, const float* weight, const float* bias, const T* y,
              const NormShape& shape) {
    if (!has_work("layer_norm", x, weight, y, shape)) return false;
    require_pointer("layer_norm", "bias", bias, sizeof(float4));
    return true;
}

/// Checks the arguments of RMSNorm. @returns false when there is nothing to do.
template <typename T>
bool has_work(const float* x, const float* weight, const T* y, const NormShape& shape) {
    return has_work("rms_norm", x, weight, y, shape);
}

}  // namespace t2t::normalization
