/// @file
/// Many numbers become one: the ladders of chapter 04.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::reduction {

/// index[r] = the column of the largest element of row r; of several, the first.
///
/// A row that holds a NaN has no largest element, and neither has a row without columns: their
/// index is −1.
struct Argmax {
    const float* x = nullptr;       ///< [rows, columns], row-major; may be null when columns = 0
    std::int32_t* index = nullptr;  ///< [rows], overwritten; must not overlap x
    /// Independent rows: the sequences of a batch. With rows = 0 nothing happens and the pointers may be
    /// null.
    std::int64_t rows = 0;
    std::int64_t columns = 0;             ///< elements of one row: the vocabulary; below 2³¹
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, 2³¹ columns or more, a null pointer, or
    ///                               a pointer that is not 4-byte aligned
    bool check() const {
        require_extent("argmax", {{"rows", rows}, {"columns", columns}}, sizeof(float));
        if (columns > std::numeric_limits<std::int32_t>::max()) {
            throw std::invalid_argument("argmax: columns is " + std::to_string(columns) +
                                        ", and an index has 32 bits; use fewer than 2^31 columns");
        }
        if (rows == 0) return false;
        if (columns > 0) require_pointer("argmax", "x", x, sizeof(float));
        require_pointer("argmax", "index", index, sizeof(std::int32_t));
        return true;
    }
    /// x is read, and an index is written for each row.
    Work work() const {
        const auto row_count = static_cast<double>(rows);
        return {4.0 * row_count * static_cast<double>(columns) + 4.0 * row_count, 0};
    }
    /// rows and columns, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, columns}; }
};

void v1_argmax_thread_per_row(const Argmax& op, cudaStream_t stream);
void v2_argmax_block_per_row(const Argmax& op, cudaStream_t stream);

/// The ladder of argmax: how threads share a row. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
inline constexpr Ladder argmax_ladder{
    "argmax",
    std::array{
        Rung<Argmax>{"v1_argmax_thread_per_row", v1_argmax_thread_per_row, "one thread per row"},
        Rung<Argmax>{"v2_argmax_block_per_row", v2_argmax_block_per_row,
                     "one block per row, halving the candidates in shared memory"},
    },
    /*types=*/{},
    /*on_cpu_device=*/"v1_argmax_thread_per_row"};

/// y[r, c] = x[r, 0] + … + x[r, c]: the inclusive prefix sum of every row.
struct Scan {
    const float* x = nullptr;  ///< [rows, columns], row-major
    /// [rows, columns], overwritten; may be x itself, but must not overlap it in any other way
    float* y = nullptr;
    /// Independent rows: the sequences of a batch. With rows = 0 or columns = 0 nothing happens and the
    /// pointers may be null.
    std::int64_t rows = 0;
    std::int64_t columns = 0;             ///< elements of one row: the vocabulary
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
    ///                               not 4-byte aligned
    bool check() const {
        require_extent("scan", {{"rows", rows}, {"columns", columns}}, sizeof(float));
        if (rows == 0 || columns == 0) return false;
        require_pointer("scan", "x", x, sizeof(float));
        require_pointer("scan", "y", y, sizeof(float));
        return true;
    }
    /// Each element is read once and written once; one addition for each.
    Work work() const {
        const double elements = static_cast<double>(rows) * static_cast<double>(columns);
        return {8.0 * elements, elements};
    }
    /// rows and columns, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, columns}; }
};

void v1_scan_hillis_steele(const Scan& op, cudaStream_t stream);

/// The ladder of the scan: how many steps until every element has seen all before it. Every launcher
/// throws what check() throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder scan_ladder{"scan",
                                    std::array{
                                        Rung<Scan>{"v1_scan_hillis_steele", v1_scan_hillis_steele,
                                                   "each step adds the element twice as far back"},
                                    }};

}  // namespace t2t::reduction
