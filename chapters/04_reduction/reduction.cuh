/// @file
/// Many numbers become one: the ladders of chapter 04.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::reduction {

/// Sizes of a matrix whose rows are worked on one by one.
struct RowsShape {
    std::int64_t rows;     ///< independent rows: the sequences of a batch
    std::int64_t columns;  ///< elements of one row: the vocabulary
};

/// index[r] = the column of the largest element of row r; of several, the first.
///
/// A row that holds a NaN has no largest element, and neither has a row without columns: their
/// index is −1.
///
/// @param x      [rows, columns], row-major
/// @param index  [rows], overwritten; must not overlap x
/// @param shape  any sizes, columns below 2³¹; with rows = 0 nothing happens and the pointers may
///               be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
/// @throws t2t::CudaError        the device refused the launch
using Argmax = void(const float* x, std::int32_t* index, RowsShape shape, cudaStream_t stream);

Argmax v1_argmax_thread_per_row;
Argmax v2_argmax_block_per_row;

/// The ladder of argmax: how threads share a row.
inline constexpr Ladder argmax_ladder{
    "argmax",
    std::array{
        Rung<Argmax>{"v1_argmax_thread_per_row", v1_argmax_thread_per_row, "a thread a row"},
        Rung<Argmax>{"v2_argmax_block_per_row", v2_argmax_block_per_row,
                     "a block a row, halving the candidates in shared memory"},
    }};

/// y[r, c] = x[r, 0] + … + x[r, c]: the inclusive prefix sum of every row.
///
/// @param x      [rows, columns], row-major
/// @param y      [rows, columns], overwritten; may be x itself, but must not overlap it in any
///               other way
/// @param shape  any sizes; with no element nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
/// @throws t2t::CudaError        the device refused the launch
using Scan = void(const float* x, float* y, RowsShape shape, cudaStream_t stream);

Scan v1_scan_hillis_steele;

/// The ladder of the scan: how many steps until every element has seen all before it.
inline constexpr Ladder scan_ladder{"scan",
                                    std::array{
                                        Rung<Scan>{"v1_scan_hillis_steele", v1_scan_hillis_steele,
                                                   "each step adds the element twice as far back"},
                                    }};

}  // namespace t2t::reduction
