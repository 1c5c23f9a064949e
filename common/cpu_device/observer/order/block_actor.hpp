/// @file
/// The block that runs on this operating-system thread, as an actor in global memory.
///
/// Between blocks nothing is ordered but by grid barriers and fences. In global memory a cell's time
/// is therefore the number of an actor – a block, or a stretch of its life – above the clock since
/// the actor's begin.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/cpu_device/observer/order/block_clock.hpp"
#include "common/cpu_device/observer/order/order.hpp"

namespace t2t::observer {

/// Which actor the block is now, and what is ordered before what its threads do.
class BlockActor {
 public:
    explicit BlockActor(const BlockClock& clock) : clock_(clock) {}

    void begin_block();
    void pass_grid_barrier();
    /// Becomes another actor when a cell has no room for the clock any more.
    void make_room_for_clock() {
        if (clock_.now() - begin_ >= 1u << actor_clock_bits) become_new();
    }

    unsigned number() const { return number_; }
    unsigned phase() const { return phase_; }

    /// A thread's time in a cell of global memory.
    std::uint32_t time(unsigned thread) const {
        const std::uint32_t last = clock_.of_thread(thread);
        return number_ << actor_clock_bits | (last - std::min(last, begin_));
    }
    /// What is ordered before the next access of `thread` to shared memory, at a word.
    BlockOrder shared_order(unsigned thread, std::uint64_t word) const {
        return order(thread, word, 0, ~0u);
    }
    /// What is ordered before its next access to global memory.
    GridOrder global_order(unsigned thread, std::uint64_t word) const {
        return {order(thread, word, begin_, (1u << actor_clock_bits) - 1)};
    }

 private:
    void become_new();
    BlockOrder order(unsigned thread, std::uint64_t word, std::uint32_t origin,
                     std::uint32_t clock_mask) const {
        return {clock_.barrier(),
                clock_.of_warp(thread / 32),
                clock_.of_pairs(thread),
                origin,
                clock_mask,
                thread,
                number_,
                clock_.of_thread(thread),
                word};
    }

    const BlockClock& clock_;
    unsigned number_ = 0;
    unsigned phase_ = 0;       ///< grid barriers that the block has passed
    std::uint32_t begin_ = 0;  ///< the clock when the actor began
};

}  // namespace t2t::observer
