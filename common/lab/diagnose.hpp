/// @file
/// From the pattern of the errors to their likely cause. compare() calls this; tests read its
/// findings there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/lab/compare.hpp"

namespace t2t::lab {

/// An output with at least one wrong element.
struct Evidence {
    const Expected& expected;               ///< from the reference
    const Actual& actual;                   ///< from the device
    const std::vector<std::size_t>& wrong;  ///< row-major offsets, rising

    /// Elements of the output.
    std::size_t count() const { return expected.values.size(); }
    /// Whether the value found at offset `at` would be right at offset `wanted`.
    bool fits(std::size_t at, std::size_t wanted) const {
        return expected.tolerance.accepts(expected.values[wanted], actual.values[at]);
    }
};

/// The most telling explanation of the errors; Cause::unexplained when no known pattern fits.
///
/// A pattern that accounts for every element of the output comes first (transposed, shifted …),
/// then one that says where the errors are (last tile, every n-th), then what all wrong elements
/// have in common.
Finding diagnose(const Evidence& evidence);

/// A pattern in the values that accounts for the whole output.
std::optional<Finding> explain_values(const Evidence& evidence);
/// A pattern in the places of the wrong elements.
std::optional<Finding> explain_place(const Evidence& evidence);
/// What all wrong elements hold: never written, NaN, 0.
std::optional<Finding> explain_content(const Evidence& evidence);

}  // namespace t2t::lab
