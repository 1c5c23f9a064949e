/// @file
/// The shape of a row-major matrix; a vector is one row.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2t::lab {

/// rows × columns of a row-major matrix: element (row, column) lies at row · columns + column.
struct Extent {
    std::int64_t rows = 0;     ///< 1 for a vector
    std::int64_t columns = 0;  ///< elements of one row

    /// rows · columns.
    constexpr std::size_t count() const { return static_cast<std::size_t>(rows * columns); }
    constexpr bool operator==(const Extent&) const = default;
};

}  // namespace t2t::lab
