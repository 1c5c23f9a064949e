/// @file
/// Matrix transpose in fp32: the ladder of chapter 03.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::shared_memory {

/// out[column, row] = in[row, column], bit for bit.
struct Transpose {
    const float* in = nullptr;  ///< [rows, columns], row-major
    float* out = nullptr;       ///< [columns, rows], row-major, overwritten; must not overlap in
    std::int64_t rows = 0;      ///< rows of `in`
    /// Columns of `in`. With rows = 0 or columns = 0 nothing happens and the pointers may be null.
    std::int64_t columns = 0;
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
    ///                               not 16-byte aligned (every address from cudaMalloc is)
    bool check() const {
        require_extent("transpose", {{"rows", rows}, {"columns", columns}}, sizeof(float));
        if (rows == 0 || columns == 0) return false;
        require_pointer("transpose", "in", in, sizeof(float4));
        require_pointer("transpose", "out", out, sizeof(float4));
        return true;
    }
    /// Each element is read once and written once.
    Work work() const {
        return {8.0 * static_cast<double>(rows) * static_cast<double>(columns), 0};
    }
    /// rows and columns, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, columns}; }
};

void v1_naive(const Transpose& op, cudaStream_t stream);
void v2_tile(const Transpose& op, cudaStream_t stream);
void v3_padded(const Transpose& op, cudaStream_t stream);
void v4_swizzled(const Transpose& op, cudaStream_t stream);
void v5_registers(const Transpose& op, cudaStream_t stream);
void v6_output_order(const Transpose& op, cudaStream_t stream);

/// The ladder, from the ground up. Tests, benchmarks, docs and the generator read it here. Every launcher
/// throws what check() throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder ladder{
    "transpose",
    std::array{
        Rung<Transpose>{"v1_naive", v1_naive, "reads along rows, writes down columns"},
        Rung<Transpose>{"v2_tile", v2_tile, "a 32×32 tile turns over in shared memory"},
        Rung<Transpose>{"v3_padded", v3_padded, "33 floats per tile row: no bank conflicts"},
        Rung<Transpose>{"v4_swizzled", v4_swizzled,
                        "64×64 tiles, 16 bytes per access, XOR swizzle"},
        Rung<Transpose>{"v5_registers", v5_registers,
                        "each thread turns a 4×4 square over in registers"},
        Rung<Transpose>{"v6_output_order", v6_output_order, "tiles in the order of the output"},
    }};

}  // namespace t2t::shared_memory
