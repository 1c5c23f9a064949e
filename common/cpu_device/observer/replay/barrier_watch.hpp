/// @file
/// Barriers that not every thread of the block reaches.
#pragma once

#include "common/cpu_device/observer/report/seen.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// Watches the running block's barriers.
class BarrierWatch {
 public:
    void begin_block() { *this = {}; }
    /// A thread waits. It is a fault to wait elsewhere than the first that came to this barrier.
    void arrive(unsigned thread, const cpu_device::Wait& wait);
    /// All that have not ended have arrived. @param ended how many have ended: a fault, unless none
    void complete(unsigned ended);
    /// Thread `thread` waits for good.
    void stuck(unsigned thread, const cpu_device::Wait& wait);

    /// @name Where a trap belongs that says the block is in a deadlock
    ///@{
    void name_first_waiter(SeenFault& fault) const;
    void name_stuck(SeenFault& fault) const;
    ///@}

 private:
    const cpu_device::Wait* first_ = nullptr;  ///< at the barrier that is not complete
    ThreadPlace first_place_;
    const cpu_device::Wait* stuck_ = nullptr;  ///< where a thread waits for good
    ThreadPlace stuck_place_;
};

}  // namespace t2t::observer
