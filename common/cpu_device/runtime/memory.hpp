/// @file
/// Device memory of the CPU device, and what is known about any address.
#pragma once

#include <cstddef>
#include <string>

#include "common/cpu_device/include/driver_types.h"

namespace t2t::cpu_device {

/// One sentence about where `address` lies relative to the device's allocations, for fault reports.
std::string describe_address(const void* address);

/// True when `bytes` from `address` on lie inside one allocation that a kernel may use.
bool is_device_range(const void* address, std::size_t bytes);

/// cudaMallocAsync without a pool; allowed while `stream` is captured.
cudaError_t allocate_in_stream(void** pointer, std::size_t bytes, cudaStream_t stream);

}  // namespace t2t::cpu_device
