/// @file
/// Bytes on their way from the host to the device: the ladder of chapter 07.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::streams {

/// Copies `bytes` bytes from host memory to device memory.
///
/// When the launcher returns, `host` may be changed or freed; the device's copy is complete for whatever
/// is queued on `stream` afterwards.
struct Upload {
    const std::byte* host =
        nullptr;  ///< [bytes], ordinary (pageable) host memory, such as a memory-mapped file
    std::byte* device = nullptr;  ///< [bytes], overwritten
    std::size_t bytes = 0;  ///< 0 or more; with 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument a null pointer
    bool check() const {
        if (bytes == 0) return false;
        require_pointer("upload", "host", host, alignof(std::byte));
        require_pointer("upload", "device", device, alignof(std::byte));
        return true;
    }
    /// Every byte crosses the bus, and is written to device memory.
    Work work() const { return {static_cast<double>(bytes), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {static_cast<std::int64_t>(bytes)}; }
};

void v1_pageable(const Upload& op, cudaStream_t stream);

/// The ladder of the upload: who copies, and who waits for whom. Launchers may wait for the device, so a
/// graph cannot record them. Every launcher throws what check() throws, and t2t::CudaError when the copy
/// fails.
inline constexpr Ladder upload_ladder{
    "upload", std::array{
                  Rung<Upload>{"v1_pageable", v1_pageable, "one copy; the driver stages it"},
              }};

}  // namespace t2t::streams
