/// @file
/// Softmax over rows: the ladder of chapter 08.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::softmax {

/// Sizes of a matrix whose rows are normalised one by one.
struct SoftmaxShape {
    std::int64_t rows;     ///< independent rows: queries, or sequences of a batch
    std::int64_t columns;  ///< elements of one row: keys, or the vocabulary
};

/// y[r, c] = exp(x[r, c] − m) / Σ exp(x[r, ·] − m), with m the largest element of row r.
///
/// An element of −∞ gets probability 0. A row of nothing but −∞ has no distribution: it becomes 0
/// throughout. A row that holds a NaN or +∞ becomes NaN throughout.
///
/// @param x      [rows, columns], row-major
/// @param y      [rows, columns], overwritten; may be x itself, but must not overlap it in any
///               other way
/// @param shape  any sizes; with no element nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
///                               not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
using Softmax = void(const float* x, float* y, SoftmaxShape shape, cudaStream_t stream);

Softmax v1_three_passes;
Softmax v2_block_per_row;

/// The ladder: how often a row is read, and by whom.
inline constexpr Ladder ladder{
    "softmax",
    std::array{
        Rung<Softmax>{"v1_three_passes", v1_three_passes, "a thread a row: maximum, sum, divide"},
        Rung<Softmax>{"v2_block_per_row", v2_block_per_row, "a block a row, the same three passes"},
    }};

}  // namespace t2t::softmax
