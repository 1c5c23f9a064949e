/// @file
/// The observer of one operating-system thread: owns the parts that follow the block that runs on
/// it, and tells them what the scheduler reports.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "common/cpu_device/observer/log/thread_logs.hpp"
#include "common/cpu_device/observer/order/block_actor.hpp"
#include "common/cpu_device/observer/order/block_clock.hpp"
#include "common/cpu_device/observer/replay/address_map.hpp"
#include "common/cpu_device/observer/replay/barrier_watch.hpp"
#include "common/cpu_device/observer/replay/faults.hpp"
#include "common/cpu_device/observer/replay/global_shadow.hpp"
#include "common/cpu_device/observer/replay/replay.hpp"
#include "common/cpu_device/observer/replay/shared_shadow.hpp"
#include "common/cpu_device/observer/replay/site_table.hpp"
#include "common/cpu_device/observer/replay/warp_access.hpp"
#include "common/cpu_device/observer/replay/warp_lanes.hpp"

namespace t2t::observer {

/// Follows the block that runs on one operating-system thread.
class BlockObserver {
 public:
    BlockObserver();
    ~BlockObserver();
    BlockObserver(const BlockObserver&) = delete;
    BlockObserver& operator=(const BlockObserver&) = delete;

    /// @name The block's course; see marks.hpp
    ///@{
    void begin_block(const void* frame);
    void end_block();
    void begin_thread() {
        logs_.open();
        map_.begin_thread(cpu_device::linear_thread());
    }
    void end_thread();
    void leave_thread() { logs_.close(); }
    void resume_thread() { logs_.open(); }
    void wait_at_barrier(const cpu_device::Wait& wait);
    void barrier_is_complete(unsigned exited);
    void grid_barrier_passed() { actor_.pass_grid_barrier(); }
    ///@}

    /// The running thread's log is full, or has no room yet. Then there is some.
    void make_room();
    /// The running thread has called a fence.
    void pass_fence(Scope scope);

    /// @name The running thread traps; see marks.hpp
    ///@{
    void begin_fault() { logs_.stop(); }
    void stuck(unsigned thread, const cpu_device::Wait& wait) { barriers_.stuck(thread, wait); }
    void trapped(const void* address, const char* what);
    ///@}

    /// Hands over what was counted, and starts anew.
    void collect(std::unordered_map<std::uint32_t, Site>& sites) { sites_.collect(sites); }

 private:
    void replay(unsigned warp, bool to_the_end);
    void replay_if_halted(unsigned warp);
    bool has_just_taken_lock(unsigned thread) const;
    void name_access(SeenFault& fault, const LogEntry& access);
    void meet_variables(unsigned warp);

    WarpLanes lanes_;
    ThreadLogs logs_;
    BlockClock clock_;
    BlockActor actor_{clock_};
    BarrierWatch barriers_;
    AddressMap map_;
    FaultReporter faults_{map_, actor_};
    SharedShadow shared_{map_.shared_words(), clock_, actor_, faults_};
    GlobalShadow global_{actor_, faults_};
    WarpAccess memory_{map_, faults_, shared_, global_};
    SiteTable sites_;
    Replay replay_{logs_, lanes_, sites_, memory_, clock_};
};

/// The observer of the calling operating-system thread.
BlockObserver& block_observer();
/// Hands over what all operating-system threads have counted.
void collect_all(std::unordered_map<std::uint32_t, Site>& sites);

}  // namespace t2t::observer
