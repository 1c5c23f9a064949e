/// @file
/// An index past the end of an array whose extent the compiler knows.
#pragma once

#include <cstdint>

namespace t2t::observer {

/// The current thread of a kernel uses `index` on an array of the type `array` (`'float [32]'`).
void index_out_of_bounds(const char* file, std::uint32_t line, const char* array, long index);

}  // namespace t2t::observer
