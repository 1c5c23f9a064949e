/// @file
/// CUDA's error state: the last error of each host thread, and the sticky error of a broken device.
#pragma once

#include <string>

#include "common/cpu_device/include/driver_types.h"

namespace t2t::cpu_device {

/// Remembers `error` for cudaGetLastError() unless it is cudaSuccess. @returns the sticky error if
/// there is one, else `error`
cudaError_t finish(cudaError_t error);

/// The error that a kernel has left the device in; every later call returns it, as on a GPU.
cudaError_t sticky_error();

/// A kernel has ended with `error`; `detail` says what it did and where.
void set_sticky_error(cudaError_t error, std::string detail);

/// The launch of `kernel` was refused with `error`, and `why`: for unread_error().
void note_refused_launch(cudaError_t error, const char* kernel, std::string why);

/// What has gone wrong without the program asking what it was, by cudaGetLastError() or
/// cudaGetErrorString(), in one sentence; empty when there is nothing.
std::string unread_error();

/// `kernel` was not started, because an earlier one has broken the device: for skipped_launches_note().
void note_skipped_launch(const char* kernel);

/// One sentence about all of them; empty when there was none.
std::string skipped_launches_note();

/// From now on launches look where their pointers lead, which costs each about 0.1 µs a pointer.
void watch_for_host_pointers();

/// Whether they do: not any more after the first one that was noted.
bool watches_for_host_pointers();

/// `kernel` was launched with a pointer to memory of the host: for host_pointer_note().
void note_host_pointer(const char* kernel);

/// One sentence about it; empty when there was none.
std::string host_pointer_note();

/// Forgets all errors: cudaDeviceReset.
void clear_errors();

}  // namespace t2t::cpu_device
