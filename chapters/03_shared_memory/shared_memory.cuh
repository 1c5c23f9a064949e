/// @file
/// Matrix transpose in fp32: the ladder of chapter 03.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::shared_memory {

/// out[column, row] = in[row, column], bit for bit.
///
/// @param in      [rows, columns], row-major
/// @param out     [columns, rows], row-major, overwritten; must not overlap in
/// @param rows    rows of `in`, any number
/// @param columns columns of `in`, any number; with rows = 0 or columns = 0 nothing happens and the
///                pointers may be null
/// @param stream  where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a pointer that is
///                               not 16-byte aligned (every address from cudaMalloc is)
/// @throws t2t::CudaError        the device refused the launch
using Transpose = void(const float* in, float* out, std::int64_t rows, std::int64_t columns,
                       cudaStream_t stream);

Transpose v1_naive;
Transpose v2_tile;
Transpose v3_padded;
Transpose v4_swizzled;
Transpose v5_registers;
Transpose v6_output_order;

/// The ladder, from the ground up. Tests, benchmarks, docs and the generator read it here.
inline constexpr Ladder ladder{
    "transpose",
    std::array{
        Rung<Transpose>{"v1_naive", v1_naive, "reads along rows, writes down columns"},
        Rung<Transpose>{"v2_tile", v2_tile, "a 32×32 tile turns over in shared memory"},
        Rung<Transpose>{"v3_padded", v3_padded, "33 floats a tile row: no bank conflicts"},
        Rung<Transpose>{"v4_swizzled", v4_swizzled, "64×64 tiles, 16 bytes an access, XOR swizzle"},
        Rung<Transpose>{"v5_registers", v5_registers,
                        "a 4×4 square a thread turns over in registers"},
        Rung<Transpose>{"v6_output_order", v6_output_order, "tiles in the order of the output"},
    }};

}  // namespace t2t::shared_memory
