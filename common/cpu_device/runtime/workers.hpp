/// @file
/// The operating-system threads that blocks are spread over.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/launch_record.hpp"

namespace t2t::cpu_device {

/// Runs all blocks of `launch`; returns when the last has ended or a fault has ended the launch.
/// The calling thread begins at once; others join when there is more than a few microseconds of
/// work.
void run_blocks(LaunchRecord& launch);

/// How many operating-system threads run blocks: T2T_WORKERS, or one for each core, 16 at most.
unsigned worker_count();

/// After how long without any progress a kernel is ended: T2T_TIMEOUT, or 30 s; 0 for never.
std::chrono::seconds hang_limit();

/// True in a kernel that was launched with cudaLaunchCooperativeKernel.
bool is_cooperative_launch();

/// Waits until every thread of every block of a cooperative launch is here.
void grid_barrier(const Wait& wait);

/// @name How a block's dynamic shared memory lies, in bytes
/// It ends at a page that faults, so that a kernel that runs past it is stopped. What lies before it,
/// as far as `dynamic_shared_room` from that page, belongs to it, too: no launch asks for so much.
///@{
inline constexpr std::size_t dynamic_shared_room = 256 * 1024;
inline constexpr std::size_t dynamic_shared_guard = 4096;
inline constexpr std::size_t dynamic_shared_alignment = 128;  ///< of its first byte
///@}

/// Bytes that an array of `bytes` takes there.
constexpr std::size_t dynamic_shared_padded(std::size_t bytes) {
    return (bytes + dynamic_shared_alignment - 1) / dynamic_shared_alignment *
           dynamic_shared_alignment;
}

/// Shared memory of one block of the current launch; see dynamic_shared_memory().
void prepare_dynamic_shared_memory(std::size_t bytes);

}  // namespace t2t::cpu_device
