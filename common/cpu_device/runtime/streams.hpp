/// @file
/// Streams, events and graphs. A stream runs each piece of work at once, or writes it down while
/// captured.
#pragma once

#include <functional>

#include "common/cpu_device/include/driver_types.h"

namespace t2t::cpu_device {

/// Runs `work` now, or appends it to the graph that `stream` is being captured into.
/// @returns the sticky error when the device is broken (the work is then left out), else
/// cudaSuccess
cudaError_t run_or_capture(cudaStream_t stream, cudaGraphNodeType type, std::function<void()> work);

/// How the observer knows a stream: the default one as null.
const void* observed_stream(cudaStream_t stream);

/// True when `stream` is being captured.
bool is_capturing(cudaStream_t stream);

/// cudaErrorStreamCaptureImplicit when `stream` is the legacy default stream and would have to wait for one that is
/// being captured, whose capture it invalidates; else cudaSuccess.
cudaError_t refuse_implicit_dependency(cudaStream_t stream);

/// cudaErrorStreamCaptureUnsupported when a capture is under way that the coming call would break,
/// and invalidates that capture; else cudaSuccess.
cudaError_t refuse_while_capturing();

}  // namespace t2t::cpu_device
