/// @file
/// What every launcher checks before it launches, with one clear sentence for each mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <cuda_runtime.h>

namespace t2t {

/// Most blocks that a grid has along x; along y and z it is 65,535.
inline constexpr std::int64_t max_grid_x = 2'147'483'647;
/// Most blocks that a grid has along y or z.
inline constexpr std::int64_t max_grid_yz = 65'535;

/// ⌈count / size⌉ for count ≥ 0 and size > 0, without the overflow of (count + size − 1) / size.
template <typename Integer>
__host__ __device__ constexpr Integer ceil_div(Integer count, Integer size) {
    return count / size + (count % size != 0);
}

/// @throws std::invalid_argument when `value` is negative.
inline void require_size(std::string_view operation, std::string_view name, std::int64_t value) {
    if (value < 0) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) + " is " +
                                    std::to_string(value) + "; a size is 0 or more");
    }
}

/// A size and the name of the field that holds it.
struct NamedSize {
    std::string_view name;  ///< `columns`
    std::int64_t value;     ///< its value
};

/// The product of `sizes` and element_bytes must fit a 64-bit offset.
/// @throws std::invalid_argument when a size is negative or the product overflows: names the field
inline void require_extent(std::string_view operation, std::initializer_list<NamedSize> sizes,
                           std::size_t element_bytes) {
    auto bytes = static_cast<std::int64_t>(element_bytes);
    bool overflows = false;
    for (const NamedSize& size : sizes) {
        require_size(operation, size.name, size.value);
        overflows |= __builtin_mul_overflow(bytes, size.value, &bytes);
    }
    if (!overflows) return;
    std::string text;
    for (const NamedSize& size : sizes) {
        text += (text.empty() ? "" : " × ") + std::string(size.name) + " (" +
                std::to_string(size.value) + ")";
    }
    throw std::invalid_argument(std::string(operation) + ": " + text + " elements of " +
                                std::to_string(element_bytes) +
                                " bytes do not fit a 64-bit offset; use smaller sizes");
}

/// @throws std::invalid_argument when `pointer` is null or not a multiple of `alignment` bytes.
inline void require_pointer(std::string_view operation, std::string_view name, const void* pointer,
                            std::size_t alignment) {
    if (pointer == nullptr) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) +
                                    " is null; pass device memory");
    }
    if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) +
                                    " is not aligned to " + std::to_string(alignment) +
                                    " bytes; pass an aligned address");
    }
}

/// @returns `blocks` as a grid dimension.
/// @throws std::invalid_argument when it is larger than `most`.
inline unsigned require_blocks(std::string_view operation, std::int64_t blocks,
                               std::int64_t most = max_grid_x) {
    if (blocks > most) {
        throw std::invalid_argument(std::string(operation) + ": needs " + std::to_string(blocks) +
                                    " blocks, and a grid has at most " + std::to_string(most) +
                                    " here; use a smaller size or a grid-stride rung");
    }
    return static_cast<unsigned>(blocks);
}

}  // namespace t2t
