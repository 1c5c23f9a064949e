/// @file
/// Inputs of the tensor-core tests. Small integers: products and sums are exact in every type, so
/// results must match to the bit.
#pragma once

#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace t2t::conformance {

inline int a_value(int row, int k) {
    return (row * 5 + k * 3) % 9 - 4;
}
inline int b_value(int k, int column) {
    return (k * 7 + column * 2) % 7 - 3;
}
inline int c_value(int row, int column) {
    return (row + 2 * column) % 11 - 5;
}

template <typename T>
T from_int(int value) {
    if constexpr (std::is_same_v<T, __half>) {
        return __float2half(float(value));
    } else if constexpr (std::is_same_v<T, __nv_bfloat16>) {
        return __float2bfloat16(float(value));
    } else {
        return T(value);
    }
}

}  // namespace t2t::conformance
