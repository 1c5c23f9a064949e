/// @file
/// Time within a block, as far as barriers make it.
///
/// Each operating-system thread has a clock that every barrier and every __syncwarp moves on. A CUDA
/// thread's time is the clock's at its last one. Of two threads of a block, what one did happened
/// before what the other does now if a block-wide barrier came after it; within a warp a __syncwarp
/// of both is enough.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// The clock of one operating-system thread. It goes on from block to block.
class BlockClock {
 public:
    /// A block of `threads` threads begins.
    /// @returns whether the clock has started anew: times of earlier blocks mean nothing any more
    bool begin_block(unsigned threads);
    /// All threads of the block have passed a barrier.
    void pass_barrier();
    /// `lanes` (bit i: lane i) have passed a __syncwarp. @param all whether they are the whole warp
    void pass_warp_sync(unsigned warp, unsigned lanes, bool all);
    /// `lanes` of a warp have called a fence, or taken a lock: what they do from now on is later.
    void pass_by(unsigned warp, unsigned lanes);

    std::uint32_t now() const { return now_; }
    /// When the block began.
    std::uint32_t block_begin() const { return block_begin_; }
    /// The block's last barrier.
    std::uint32_t barrier() const { return barrier_; }
    /// A thread's last barrier or __syncwarp.
    std::uint32_t of_thread(unsigned thread) const { return of_thread_[thread]; }
    /// A warp's last __syncwarp of all its lanes.
    std::uint32_t of_warp(unsigned warp) const { return of_warp_[warp]; }
    /// For each lane of the thread's warp, the last __syncwarp of a part of the warp with both.
    const std::uint32_t* of_pairs(unsigned thread) const { return of_pairs_[thread].data(); }

 private:
    std::uint32_t now_ = 1;
    std::uint32_t block_begin_ = 1;
    std::uint32_t barrier_ = 1;
    unsigned threads_ = 0;
    std::array<std::uint32_t, cpu_device::most_threads> of_thread_{};
    std::array<std::uint32_t, cpu_device::most_warps> of_warp_{};
    std::vector<std::array<std::uint32_t, 32>> of_pairs_{cpu_device::most_threads};
};

}  // namespace t2t::observer
