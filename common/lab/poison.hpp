/// @file
/// The bytes that outputs and margins start as.
///
/// All patterns are NaN in half, bfloat16, float and double, and unlikely numbers as integers: an
/// output that nobody wrote, or a value read from beyond an input, turns every sum into NaN.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2t::lab {

/// 16 bits, repeated over an output of T before each run.
///
/// A signalling NaN in float, double and bfloat16: arithmetic with it gives a quiet NaN, which has
/// other bits. So `+=` on an output that was never set can be told from an output that nobody
/// touched.
template <typename T>
inline constexpr std::uint16_t start_poison = sizeof(T) % 8 == 0 ? 0x7FF4 : 0x7FBA;

/// 16 bits, repeated over the margins before and after a buffer. There are six patterns, which
/// buffers take in turn: a kernel without a bounds guard copies one buffer's margin onto another's,
/// and that must show.
inline constexpr std::uint16_t margin_poison(unsigned turn) {
    return static_cast<std::uint16_t>(0xFFF9 + turn % 6);
}

/// Fills `bytes` bytes with a pattern, its low byte first.
inline void fill_poison(void* memory, std::size_t bytes, std::uint16_t pattern) {
    auto* byte = static_cast<unsigned char*>(memory);
    for (std::size_t i = 0; i < bytes; ++i) {
        byte[i] = static_cast<unsigned char>(i % 2 == 0 ? pattern & 0xFF : pattern >> 8);
    }
}

/// What each element of an output of T starts as.
template <typename T>
T poisoned_value() {
    T value;
    fill_poison(&value, sizeof(T), start_poison<T>);
    return value;
}

}  // namespace t2t::lab
