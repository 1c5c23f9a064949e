/// @file
/// What every launcher checks before it launches, with one clear sentence for each mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
void require_size(std::string_view operation, std::string_view name, std::int64_t value);

/// A size and the name of the field that holds it.
struct NamedSize {
    std::string_view name;  ///< `columns`
    std::int64_t value;     ///< its value
};

/// The product of `sizes` and element_bytes must fit a 64-bit offset.
/// @throws std::invalid_argument when a size is negative or the product overflows: names the field
void require_extent(std::string_view operation, std::initializer_list<NamedSize> sizes,
                    std::size_t element_bytes);

/// @throws std::invalid_argument when `pointer` is null or not a multiple of `alignment` bytes.
void require_pointer(std::string_view operation, std::string_view name, const void* pointer,
                     std::size_t alignment);

/// @returns `blocks` as a grid dimension.
/// @throws std::invalid_argument when it is larger than `most`.
unsigned require_blocks(std::string_view operation, std::int64_t blocks,
                        std::int64_t most = max_grid_x);

}  // namespace t2t
