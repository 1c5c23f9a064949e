/// @file
/// The bytes that outputs and margins start as.
///
/// Both patterns are quiet NaNs in half, bfloat16, float and double alike, and unlikely numbers as integers. So
/// an output element that nobody wrote, or a value read from beyond an input, turns every sum into NaN, and the
/// two can be told apart from each other and from a NaN that arithmetic made.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2t::lab {

/// 16 bits, repeated over an output before each run.
inline constexpr std::uint16_t start_poison = 0x7FFA;
/// 16 bits, repeated over the margins before and after each buffer.
inline constexpr std::uint16_t margin_poison = 0xFFFC;

/// Fills `bytes` bytes with a pattern, its low byte first.
inline void fill_poison(void* memory, std::size_t bytes, std::uint16_t pattern) {
    auto* byte = static_cast<unsigned char*>(memory);
    for (std::size_t i = 0; i < bytes; ++i) {
        byte[i] = static_cast<unsigned char>(i % 2 == 0 ? pattern & 0xFF : pattern >> 8);
    }
}

/// A value of T made of start_poison: what an output starts as.
template <typename T>
T poisoned_value() {
    T value;
    fill_poison(&value, sizeof(T), start_poison);
    return value;
}

}  // namespace t2t::lab
