/// @file
/// Copies from global to shared memory that go on while the thread does something else.
#pragma once

#include <cstddef>

#include "cuda_runtime.h"

#include "common/cpu_device/runtime/async_copy.hpp"

/// Begins to copy `bytes` bytes, 4, 8 or 16; the last `zeros` of them are zeros instead.
inline void __pipeline_memcpy_async(void* shared, const void* global, std::size_t bytes,
                                    std::size_t zeros = 0) {
    t2t::cpu_device::begin_async_copy(shared, global, static_cast<int>(bytes),
                                      static_cast<int>(bytes - zeros));
}
/// What was begun since the last call is a batch.
inline void __pipeline_commit() {
    t2t::cpu_device::commit_async_copies();
}
/// Waits for all batches of the calling thread but the latest `left`.
inline void __pipeline_wait_prior(std::size_t left) {
    t2t::cpu_device::wait_for_async_copies(static_cast<int>(left));
}
