/// @file
/// What copies, memsets and the host itself do to memory that kernels use, too.
#pragma once

#include <cstdint>

#include "common/cpu_device/observer/log/marks.hpp"

namespace t2t::observer {

/// The host's own code is about to access memory. A race when it is memory that operations use which it
/// has not waited for.
/// @param return_address of the access
void host_accesses(std::uint64_t address, unsigned bytes, Kind kind, const void* return_address);

}  // namespace t2t::observer
