/// @file
/// Shadow memory of the running block's shared memory.
#pragma once

#include <cstddef>
#include <vector>

#include "common/cpu_device/observer/order/block_actor.hpp"
#include "common/cpu_device/observer/order/block_clock.hpp"
#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/replay/faults.hpp"
#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// Two cells for each word of shared memory. A writer's spare bits say which of the word's bytes the
/// block has written.
class SharedShadow {
 public:
    SharedShadow(std::size_t words, const BlockClock& clock, const BlockActor& actor,
                 const FaultReporter& faults);

    /// Enters a request whose lanes all lie in one array; reports races, and reads of what the block
    /// has not written.
    void enter(const WarpRequest& request);
    /// Nobody has accessed anything.
    void clear();

 private:
    struct Settled;
    bool knows_read(const Settled& settled, std::uint64_t word, unsigned bytes) const;
    void enter_word(const WarpRequest& request, unsigned lane, const Settled& settled,
                    std::uint64_t word);

    const BlockClock& clock_;
    const BlockActor& actor_;
    const FaultReporter& faults_;
    std::vector<Cell> writers_, readers_;
};

}  // namespace t2t::observer
