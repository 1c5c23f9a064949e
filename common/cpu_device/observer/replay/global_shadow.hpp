/// @file
/// The running block's way into the shadow memory of global memory, which all blocks share.
#pragma once

#include <mutex>

#include "common/cpu_device/observer/order/block_actor.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/replay/faults.hpp"
#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// Enters accesses in the cells of allocations. Between enter() and release() it holds
/// global_memory().mutex: taking that for each request would cost more than the work.
class GlobalShadow {
 public:
    GlobalShadow(BlockActor& actor, const FaultReporter& faults) : actor_(actor), faults_(faults) {}

    /// Enters a request whose lanes all lie in one allocation; reports races, and reads of what
    /// nothing has written. Counts the bytes that an L2 would have to fetch.
    void enter(const WarpRequest& request);
    /// A warp's logs have been replayed.
    void release() {
        if (lock_.owns_lock()) lock_.unlock();
    }

 private:
    bool knows_read(const Allocation& allocation, const Cell& readers,
                    const WordAccess& access) const;

    BlockActor& actor_;
    const FaultReporter& faults_;
    std::unique_lock<std::recursive_mutex> lock_{global_memory().mutex, std::defer_lock};
};

}  // namespace t2t::observer
