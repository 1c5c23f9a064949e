/// @file
/// The running block's way into the shadow memory of global memory, which all blocks share.
#pragma once

#include <cstdint>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/block_actor.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/replay/faults.hpp"
#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// Enters accesses in the cells of allocations.
class GlobalShadow {
 public:
    GlobalShadow(BlockActor& actor, const FaultReporter& faults) : actor_(actor), faults_(faults) {}

    /// Enters a request whose lanes all lie in one allocation; reports races, and reads of what
    /// nothing has written. Counts the bytes that an L2 would have to fetch.
    void enter(const WarpRequest& request);

 private:
    bool knows_read(const Actors& all, const Cell& readers, const WarpRequest& request,
                    unsigned lane) const;
    void check_initialised(const WarpRequest& request, unsigned lane,
                           const Allocation& allocation) const;
    void enter_word(const WarpRequest& request, unsigned lane, const Allocation& allocation,
                    std::uint64_t word);

    BlockActor& actor_;
    const FaultReporter& faults_;
};

}  // namespace t2t::observer
