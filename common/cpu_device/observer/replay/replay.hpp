/// @file
/// How the logs of a warp's lanes become what the warp did.
///
/// On the CPU device the lanes of a warp run one after the other. Each writes down its accesses and
/// the basic blocks it comes through. When all lanes have ended or wait for their block, the logs are
/// walked side by side: lanes that do the same next go together, as one instruction of the warp. When
/// they differ, lanes that are not yet at the post-dominator run first (reconvergence.hpp).
#pragma once

#include <array>
#include <cstdint>

#include "common/cpu_device/observer/log/thread_logs.hpp"
#include "common/cpu_device/observer/order/block_clock.hpp"
#include "common/cpu_device/observer/replay/reconvergence.hpp"
#include "common/cpu_device/observer/replay/site_table.hpp"
#include "common/cpu_device/observer/replay/warp_access.hpp"
#include "common/cpu_device/observer/replay/warp_lanes.hpp"

namespace t2t::observer {

/// Walks the logs of one warp at a time.
class Replay {
 public:
    Replay(ThreadLogs& logs, const WarpLanes& lanes, SiteTable& sites, WarpAccess& memory,
           BlockClock& clock)
        : logs_(logs), lanes_(lanes), sites_(sites), memory_(memory), clock_(clock) {}

    void begin_block(unsigned threads) { reconvergence_.begin_block(threads); }

    /// Replays the logs of a warp and empties them. @param to_the_end unless true, only until the
    /// log of a lane that still runs is used up: lanes that go together stay together
    void run(unsigned warp, bool to_the_end);

 private:
    /// Lanes that do the same thing.
    struct Group {
        unsigned lanes;  ///< bit i: lane i
        std::uint32_t code;
        bool leads = false;  ///< whether they come before all other lanes, whatever the code
    };

    unsigned open(unsigned warp);
    unsigned walk(unsigned active);
    void close();
    std::ptrdiff_t steps_together(unsigned active) const;
    void go_together(unsigned active, std::ptrdiff_t steps);
    Group choose(unsigned active);
    std::ptrdiff_t steps_of_chosen(const Group& group) const;
    void learn_control_flow();
    void step(const Group& group);
    Site& count(const Group& group);
    void enter_basic_block(const Group& group);
    void access(Site& site, const Group& group);
    void pass_by(const Group& group, Scope fence);
    void pass_warp_sync(const Group& group);
    unsigned thread(unsigned lane) const { return warp_ * 32 + lane; }
    /// Of the step that is replayed.
    const LogEntry& entry(unsigned lane) const { return next_[lane][step_]; }

    ThreadLogs& logs_;
    const WarpLanes& lanes_;
    SiteTable& sites_;
    WarpAccess& memory_;
    BlockClock& clock_;
    Reconvergence reconvergence_;

    // Of the warp that is replayed:
    unsigned warp_ = 0;
    std::array<const LogEntry*, 32> next_{};     ///< each lane's next entry
    std::array<const LogEntry*, 32> end_{};      ///< and the end of its log
    std::ptrdiff_t step_ = 0;                    ///< the step that is replayed, counted from next_
    bool has_learned_ = false;                   ///< whether these logs' control flow is known
    std::array<std::uint64_t, 32> addresses_{};  ///< of the step's lanes
};

}  // namespace t2t::observer
