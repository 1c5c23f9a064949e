/// @file
/// What every rung of chapter 07 needs around its copies: checked arguments.
#pragma once

#include <cstddef>

#include "common/device/arguments.hpp"

namespace t2t::streams {

/// Checks the arguments of an upload. @returns false when there is nothing to do.
inline bool has_work(const std::byte* host, const std::byte* device, std::size_t bytes) {
    if (bytes == 0) return false;
    require_pointer("upload", "host", host, alignof(std::byte));
    require_pointer("upload", "device", device, alignof(std::byte));
    return true;
}

}  // namespace t2t::streams
