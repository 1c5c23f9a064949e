/// @file
/// How the vectorised rungs of chapter 03 reach memory: four floats at a time, in matrices of any
/// size.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace t2t::shared_memory {

/// Elements (row, column) to (row, column + 3) of a row-major matrix; what lies outside it is 0.
/// @tparam aligned columns is a multiple of 4: the four are one vector, inside or outside as a
///                 whole
/// @param  matrix  [rows, columns], 16-byte aligned
/// @param  column  a multiple of 4
template <bool aligned>
__device__ float4 load4(const float* matrix, std::int64_t row, std::int64_t column,
                        std::int64_t rows, std::int64_t columns) {
    float4 value{};
    if (row >= rows || column >= columns) return value;
    const float* source = matrix + row * columns + column;
    if constexpr (aligned) {
        value = *reinterpret_cast<const float4*>(source);
    } else {
        value.x = source[0];
        if (column + 1 < columns) value.y = source[1];
        if (column + 2 < columns) value.z = source[2];
        if (column + 3 < columns) value.w = source[3];
    }
    return value;
}

/// Stores `value` where load4 would load it; what lies outside the matrix is dropped.
///
/// __stcs marks the data as not needed again soon. It also keeps the store in one piece: nvcc 13.0
/// made four stores of 4 bytes out of a plain assignment here.
template <bool aligned>
__device__ void store4(float* matrix, std::int64_t row, std::int64_t column, std::int64_t rows,
                       std::int64_t columns, float4 value) {
    if (row >= rows || column >= columns) return;
    float* target = matrix + row * columns + column;
    if constexpr (aligned) {
        __stcs(reinterpret_cast<float4*>(target), value);
    } else {
        target[0] = value.x;
        if (column + 1 < columns) target[1] = value.y;
        if (column + 2 < columns) target[2] = value.z;
        if (column + 3 < columns) target[3] = value.w;
    }
}

/// Where column `column` lies in row `row` of a tile whose rows are a multiple of 32 floats.
///
/// Bits 2 to 4 of a column choose one of the eight 16-byte groups that span all 32 banks. They are
/// flipped by bits 2 to 4 of the row, so that one column lies in different groups in different
/// rows. Bits 0 and 1 stay: four neighbours remain a vector.
__host__ __device__ constexpr int swizzled(int row, int column) {
    return column ^ (row & 0b11100);
}

}  // namespace t2t::shared_memory
