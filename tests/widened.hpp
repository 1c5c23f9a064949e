/// @file
/// Values of narrow types as the floats that references take.
#pragma once

#include <vector>

namespace t2t::tests {

/// `values` as floats; exact for float and for types of fewer bits.
template <typename T>
std::vector<float> widened(const std::vector<T>& values) {
    std::vector<float> result;
    result.reserve(values.size());
    for (const T& value : values) result.push_back(static_cast<float>(value));
    return result;
}

}  // namespace t2t::tests
