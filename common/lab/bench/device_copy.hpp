/// @file
/// The device's own copy: what a kernel that moves bytes is measured against.
#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#include "common/device/buffer.hpp"

namespace t2t::lab {

/// cudaMemcpyAsync from device memory to device memory, on random bytes.
class DeviceCopy {
 public:
    /// @param bytes that one copy moves, reads plus writes: half of them are in the source
    /// @param sets  pairs of source and target to rotate over
    DeviceCopy(double bytes, std::size_t sets);

    /// Queues one copy.
    void run(std::size_t set, cudaStream_t stream);

 private:
    std::size_t half_;    ///< bytes that one copy reads
    std::size_t stride_;  ///< from one set to the next: half_, rounded up to keep every set aligned
    DeviceBuffer<std::byte> source_;
    DeviceBuffer<std::byte> target_;
};

}  // namespace t2t::lab
