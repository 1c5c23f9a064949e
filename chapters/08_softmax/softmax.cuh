/// @file
/// Softmax over rows: the ladder of chapter 08.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::softmax {

/// y[r, c] = exp(x[r, c] − m) / Σ exp(x[r, ·] − m), with m the largest element of row r.
///
/// An element of −∞ gets probability 0. A row of nothing but −∞ has no distribution: it becomes 0
/// throughout. A row that holds a NaN or +∞ becomes NaN throughout.
struct Softmax {
    const float* x = nullptr;  ///< [rows, columns], row-major
    /// [rows, columns], row-major, overwritten; may be x itself, but must not overlap it in any other way
    float* y = nullptr;
    /// Independent rows: queries, or sequences of a batch. With no element nothing happens and the pointers
    /// may be null.
    std::int64_t rows = 0;
    std::int64_t columns = 0;             ///< elements of one row: keys, or the vocabulary
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
    ///                               not 16-byte aligned
    bool check() const {
        require_extent("softmax", {{"rows", rows}, {"columns", columns}}, sizeof(float));
        if (rows == 0 || columns == 0) return false;
        require_pointer("softmax", "x", x, sizeof(float4));
        require_pointer("softmax", "y", y, sizeof(float4));
        return true;
    }
    /// x is read once, y is written once; each element is subtracted, exponentiated, added and scaled.
    Work work() const {
        const double elements = static_cast<double>(rows) * static_cast<double>(columns);
        return {8 * elements, 4 * elements};
    }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, columns}; }
};

void v1_three_passes(const Softmax& op, cudaStream_t stream);
void v2_block_per_row(const Softmax& op, cudaStream_t stream);

/// The ladder: how often a row is read, and by whom. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
inline constexpr Ladder ladder{"softmax",
                               std::array{
                                   Rung<Softmax>{"v1_three_passes", v1_three_passes,
                                                 "one thread per row: maximum, sum, divide"},
                                   Rung<Softmax>{"v2_block_per_row", v2_block_per_row,
                                                 "one block per row, the same three passes"},
                               },
                               /*types=*/{},
                               /*on_cpu_device=*/"v1_three_passes"};

}  // namespace t2t::softmax
