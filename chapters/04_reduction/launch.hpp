/// @file
/// What the rungs of chapter 04 need around their kernels: checked arguments, and block sizes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "chapters/04_reduction/reduction.cuh"
#include "common/device/arguments.hpp"

namespace t2t::reduction {

/// Most threads that share a row.
inline constexpr int block_size = 256;
/// Threads in a block when each has a row of its own: few, so that few rows spread over many SMs.
inline constexpr int rows_per_block = 64;
/// Lanes of a warp.
inline constexpr int warp_size = 32;

/// Threads of the block that shares a row of `columns` elements: a power of two, because steps
/// halve or double; at least a warp, at most block_size, and no more than the row needs.
inline unsigned threads_for(std::int64_t columns) {
    const auto wanted =
        static_cast<unsigned>(std::clamp<std::int64_t>(columns, warp_size, block_size));
    return std::bit_ceil(wanted);
}

/// Checks the arguments of an argmax. @returns false when there is nothing to do.
inline bool has_work(const float* x, const std::int32_t* index, const RowsShape& shape) {
    require_extent("argmax", shape.rows, shape.columns, sizeof(float));
    if (shape.columns > std::numeric_limits<std::int32_t>::max()) {
        throw std::invalid_argument("argmax: columns is " + std::to_string(shape.columns) +
                                    ", and an index has 32 bits; use fewer than 2^31 columns");
    }
    if (shape.rows == 0) return false;
    if (shape.columns > 0) require_pointer("argmax", "x", x, sizeof(float));
    require_pointer("argmax", "index", index, sizeof(std::int32_t));
    return true;
}

/// Checks the arguments of a scan. @returns false when there is nothing to do.
inline bool has_work(const float* x, const float* y, const RowsShape& shape) {
    require_extent("scan", shape.rows, shape.columns, sizeof(float));
    if (shape.rows == 0 || shape.columns == 0) return false;
    require_pointer("scan", "x", x, sizeof(float));
    require_pointer("scan", "y", y, sizeof(float));
    return true;
}

}  // namespace t2t::reduction
