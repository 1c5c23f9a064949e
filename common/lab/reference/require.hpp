/// @file
/// What the references demand of their arguments.
#pragma once

#include <stdexcept>
#include <string>

namespace t2t::lab::reference {

/// @throws std::invalid_argument `reference <message>` unless it holds
inline void require(bool holds, const std::string& message) {
    if (!holds) throw std::invalid_argument("reference " + message);
}

}  // namespace t2t::lab::reference
