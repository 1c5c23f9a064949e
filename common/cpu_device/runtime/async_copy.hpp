/// @file
/// cp.async on the CPU device. Nothing is copied before the wait, so that a kernel that forgets to
/// wait reads stale data, as it may on a GPU.
#pragma once

namespace t2t::cpu_device {

/// Notes down a copy of the current thread: the first `valid` bytes, then zeros up to `bytes`.
/// An address that is not a multiple of `bytes` ends the launch with cudaErrorMisalignedAddress.
void begin_async_copy(void* shared, const void* global, int bytes, int valid);

/// Closes the current thread's group of copies.
void commit_async_copies();

/// Carries out all closed groups of the current thread but the latest `groups_left`.
void wait_for_async_copies(int groups_left);

}  // namespace t2t::cpu_device
