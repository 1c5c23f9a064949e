/// @file
/// The operating-system threads that blocks are spread over.
#pragma once

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/launch_record.hpp"

namespace t2t::cpu_device {

/// Runs all blocks of `launch`; returns when the last has ended or a fault has ended the launch.
/// The calling thread begins at once; others join when there is more than a few microseconds of
/// work.
void run_blocks(LaunchRecord& launch);

/// How many operating-system threads run blocks: T2T_WORKERS, or one for each core, 16 at most.
unsigned worker_count();

/// True in a kernel that was launched with cudaLaunchCooperativeKernel.
bool is_cooperative_launch();

/// Waits until every thread of every block of a cooperative launch is here.
void grid_barrier(const Wait& wait);

/// Shared memory of one block of the current launch; see dynamic_shared_memory().
void prepare_dynamic_shared_memory(std::size_t bytes);

}  // namespace t2t::cpu_device
