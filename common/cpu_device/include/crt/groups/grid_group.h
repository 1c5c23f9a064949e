/// @file
/// cooperative_groups::grid_group: all threads of a grid.
#pragma once

#include "crt/groups/thread_group.h"

namespace cooperative_groups {

/// All threads of a grid; they can wait for each other when it was launched with
/// cudaLaunchCooperativeKernel.
class grid_group : public thread_group {
 public:
    /// What barrier_arrive() gives to barrier_wait().
    struct arrival_token {};

    grid_group() : thread_group(Kind::grid) {}

    static bool is_valid() { return t2t::cpu_device::is_cooperative_launch(); }
    static void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) {
        sync_grid(where);
    }
    /// A barrier in two halves, as that of thread_block.
    static arrival_token barrier_arrive() { return {}; }
    static void barrier_wait(arrival_token&&,
                             t2t::SourceLocation where = t2t::SourceLocation::current()) {
        sync_grid(where);
    }
    static unsigned long long thread_rank() {
        return block_rank() * block_threads() + t2t::cpu_device::linear_thread();
    }
    static unsigned long long num_threads() { return num_blocks() * block_threads(); }
    static unsigned long long size() { return num_threads(); }
    static unsigned long long block_rank() { return block_number(); }
    static unsigned long long num_blocks() { return grid_blocks(); }
    static dim3 group_dim() { return gridDim; }
    static dim3 dim_blocks() { return gridDim; }
    static dim3 block_index() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }
    static dim3 dim_threads() {
        return {gridDim.x * blockDim.x, gridDim.y * blockDim.y, gridDim.z * blockDim.z};
    }
    static dim3 thread_index() {
        return {blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y * blockDim.y + threadIdx.y,
                blockIdx.z * blockDim.z + threadIdx.z};
    }
};

inline grid_group this_grid() {
    return {};
}

}  // namespace cooperative_groups
