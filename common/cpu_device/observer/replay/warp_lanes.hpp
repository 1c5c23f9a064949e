/// @file
/// Which lanes the warps of the running block have, and which of them still run.
#pragma once

#include <algorithm>
#include <array>

#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// The lanes of every warp. In masks, bit i stands for lane i.
class WarpLanes {
 public:
    /// A block of `threads` threads begins.
    void begin_block(unsigned threads) {
        for (unsigned warp = 0; warp * 32 < threads; ++warp) {
            count_[warp] = std::min(threads - warp * 32, 32u);
            running_[warp] = all(warp);
        }
        waiting_.fill(0);
    }
    void wait_at_barrier(unsigned thread) { waiting_[thread / 32] |= 1u << thread % 32; }
    void pass_barrier() { waiting_.fill(0); }
    void end(unsigned thread) { running_[thread / 32] &= ~(1u << thread % 32); }

    /// How many threads the warp has.
    unsigned count(unsigned warp) const { return count_[warp]; }
    /// All its lanes.
    unsigned all(unsigned warp) const {
        return count_[warp] == 32 ? ~0u : (1u << count_[warp]) - 1;
    }
    /// The lanes that neither have ended nor wait at a barrier.
    unsigned running(unsigned warp) const { return running_[warp] & ~waiting_[warp]; }

 private:
    std::array<unsigned, cpu_device::most_warps> count_{};
    std::array<unsigned, cpu_device::most_warps> running_{};  ///< lanes that have not ended
    std::array<unsigned, cpu_device::most_warps> waiting_{};  ///< lanes at a barrier
};

}  // namespace t2t::observer
