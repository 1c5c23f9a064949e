/// @file
/// What a refused call says.
#pragma once

#include <stdexcept>
#include <string>

namespace t2t::tests {

/// The sentence of the std::invalid_argument that `action` throws; empty when it throws none.
template <typename Action>
std::string complaint(Action action) {
    try {
        action();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

}  // namespace t2t::tests
