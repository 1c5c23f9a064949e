/// @file
/// Device memory for kernels under observation.
#pragma once

#include <cstddef>
#include <vector>

#include "common/device/buffer.hpp"

namespace t2t::observer {

/// `size` elements of device memory, all of them `value`.
template <typename T>
DeviceBuffer<T> filled(std::size_t size, T value = T{}) {
    return DeviceBuffer<T>(std::vector<T>(size, value));
}

}  // namespace t2t::observer
