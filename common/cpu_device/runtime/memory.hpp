/// @file
/// Device memory of the CPU device, and what is known about any address.
#pragma once

#include <cstddef>
#include <string>

#include "common/cpu_device/include/driver_types.h"

namespace t2t::cpu_device {

/// One sentence about where `address` lies relative to the device's allocations, for fault reports.
std::string describe_address(const void* address);

/// Whether T2T_HOST_ACCESS is `fault`: the host may not touch memory from cudaMalloc, as on a machine with a GPU.
///
/// Such memory is closed (mprotect) while the host runs. The first access of a kernel, or of a copy, is a signal whose
/// handler opens the allocation; it is closed again when the kernel or the copy ends. So a launch pays for the
/// allocations that it touches, about 5 µs each.
bool host_access_faults();

/// Opens the allocation that holds `address` for the device. @returns false when that would not help
bool open_for_device(const void* address);

/// Closes what open_for_device() has opened. While another kernel or copy runs, it opens what it needs again.
void close_to_host();

/// While it lives, the calling thread touches device memory on the device's behalf.
class DeviceWork {
 public:
    DeviceWork();
    ~DeviceWork();
    DeviceWork(const DeviceWork&) = delete;
    DeviceWork& operator=(const DeviceWork&) = delete;
};

/// Whether the calling thread does, or runs a kernel.
bool works_for_device();

/// What the host did that it may not do: one sentence, empty if `address` lies in no memory from cudaMalloc.
std::string describe_host_access(const void* address, bool writes);

/// True when `bytes` from `address` on lie inside one allocation that a kernel may use.
bool is_device_range(const void* address, std::size_t bytes);

/// cudaMallocAsync without a pool; allowed while `stream` is captured.
cudaError_t allocate_in_stream(void** pointer, std::size_t bytes, cudaStream_t stream);

}  // namespace t2t::cpu_device
