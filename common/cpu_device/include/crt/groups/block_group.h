/// @file
/// cooperative_groups::thread_block: all threads of a block.
#pragma once

#include "crt/groups/thread_group.h"

namespace cooperative_groups {

/// Room that a block needs on older GPUs to form tiles of more than a warp; none here.
template <unsigned MaxBlockSize = 1024>
struct block_tile_memory {
    static_assert(MaxBlockSize <= 1024, "a block has at most 1024 threads");
};

/// All threads of a block.
class thread_block : public thread_group {
 public:
    /// What barrier_arrive() gives to barrier_wait().
    struct arrival_token {};

    thread_block() : thread_group(Kind::block) {}

    static void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) {
        __syncthreads(where);
    }
    /// A barrier in two halves. The first does nothing here: whoever reaches the second waits for
    /// all.
    static arrival_token barrier_arrive() { return {}; }
    static void barrier_wait(arrival_token&&,
                             t2t::SourceLocation where = t2t::SourceLocation::current()) {
        __syncthreads(where);
    }
    static unsigned thread_rank() { return t2t::cpu_device::linear_thread(); }
    static unsigned num_threads() { return block_threads(); }
    static unsigned size() { return block_threads(); }
    static dim3 group_index() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }
    static dim3 thread_index() { return {threadIdx.x, threadIdx.y, threadIdx.z}; }
    static dim3 group_dim() { return blockDim; }
    static dim3 dim_threads() { return blockDim; }
};

inline thread_block this_thread_block() {
    return {};
}
template <unsigned MaxBlockSize>
thread_block this_thread_block(block_tile_memory<MaxBlockSize>&) {
    return {};
}

}  // namespace cooperative_groups
