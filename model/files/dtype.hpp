/// @file
/// The number types that weights and activations are stored in.
#pragma once

#include <cstddef>
#include <string_view>

namespace t2t::model {

/// A number type. Weights may be stored in fp64; nothing is computed in it.
enum class DType { fp32, fp16, bf16, fp64 };

/// Bytes of one number.
constexpr std::size_t size_of(DType type) {
    if (type == DType::fp64) return 8;
    return type == DType::fp32 ? 4 : 2;
}

/// `fp32`, `fp16`, `bf16` or `fp64`.
constexpr std::string_view name_of(DType type) {
    switch (type) {
        case DType::fp32:
            return "fp32";
        case DType::fp16:
            return "fp16";
        case DType::bf16:
            return "bf16";
        case DType::fp64:
            return "fp64";
    }
    return "unknown";
}

}  // namespace t2t::model
