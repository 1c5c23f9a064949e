/// @file
/// Bytes on their way from the host to the device: the ladder of chapter 07.
#pragma once

#include <array>
#include <cstddef>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::streams {

/// Copies `bytes` bytes from host memory to device memory.
///
/// When the call returns, `host` may be changed or freed; the device's copy is complete for whatever
/// is queued on `stream` afterwards.
///
/// @param host   [bytes], ordinary (pageable) host memory, such as a memory-mapped file
/// @param device [bytes], overwritten
/// @param bytes  0 or more; with 0 nothing happens and the pointers may be null
/// @param stream in whose order the copy takes place
/// @throws std::invalid_argument a null pointer
/// @throws t2t::CudaError        the copy failed
using Upload = void(const std::byte* host, std::byte* device, std::size_t bytes,
                    cudaStream_t stream);

Upload v1_pageable;

/// The ladder of the upload: who copies, and who waits for whom.
inline constexpr Ladder upload_ladder{
    "upload", std::array{
                  Rung<Upload>{"v1_pageable", v1_pageable, "one copy; the driver stages it"},
              }};

}  // namespace t2t::streams
