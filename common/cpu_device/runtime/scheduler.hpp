/// @file
/// The fibers of one block: who is ready, who waits for what, who comes next.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/context/detail/fcontext.hpp>

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/launch_record.hpp"
#include "common/cpu_device/runtime/schedule.hpp"
#include "common/cpu_device/runtime/stacks.hpp"

namespace t2t::cpu_device {

/// A bit for each thread of a block, by warp, so that the lowest or highest set one is found at
/// once.
struct ThreadSet {
    unsigned warps = 0;                        ///< warps with a bit set
    std::array<unsigned, most_warps> lanes{};  ///< bits of each warp

    bool empty() const { return warps == 0; }
    void insert(unsigned warp, unsigned mask) {
        lanes[warp] |= mask;
        if (lanes[warp] != 0) warps |= 1u << warp;
    }
    void erase(unsigned warp, unsigned mask) {
        lanes[warp] &= ~mask;
        if (lanes[warp] == 0) warps &= ~(1u << warp);
    }
    /// Moves everything to `other`.
    void move_to(ThreadSet& other);
};

/// Runs blocks, one after the other, on the operating-system thread it belongs to.
class Scheduler {
 public:
    Scheduler();

    /// The launch whose blocks come next.
    void begin_launch(LaunchRecord& launch);
    /// Nothing runs on this operating-system thread any more.
    void end_launch() { running_ = false; }
    /// Runs every thread of the block that `blockIdx` names.
    void run_block();
    /// Forgets the current block after a fault: its fibers are never resumed.
    void abandon_block();

    bool start_next_thread();
    void finish_tracked_thread();
    Departure arrive_at_barrier(bool predicate, const Wait& wait);
    const BarrierVotes& votes() const { return votes_; }
    Departure arrive_at_collective(unsigned mask, Collective compute, void* payload,
                                   const Wait& wait);
    unsigned active_mask(const Wait& wait);
    void yield();

    LaunchRecord* launch() const { return launch_; }
    const FiberStacks& stacks() const { return stacks_; }
    /// The fiber that is running: the number of its stack, 0 for the operating-system thread's own.
    unsigned fiber() const { return fiber_; }
    /// Steps that brought the block forward; the watchdog looks whether it changes.
    std::uint64_t progress() const { return progress_; }
    /// Blocks begun so far on this operating-system thread; tells one block from the next.
    std::uint64_t blocks_run() const { return blocks_run_; }
    bool running() const { return running_; }
    /// Work on the block's behalf that no thread of it shows.
    void note_progress() { progress_ = progress_ + 1; }

 private:
    /// A warp operation for which some lanes have arrived and others have not.
    struct Pending {
        unsigned mask;
        unsigned arrived;
        Collective compute;
    };
    struct Warp {
        unsigned gone = 0;  ///< lanes that have exited or never were
        unsigned pending_count = 0;
        std::array<Pending, warp_size> pending;
        std::array<void*, warp_size> payloads;
    };
    struct Thread {
        unsigned fiber;    ///< the fiber it stands on
        const Wait* wait;  ///< what it waits for; lives on its stack
    };

    unsigned scheduled_thread(unsigned turn) const;
    void track_threads() {
        if (!cursor.tracked) begin_tracking();
    }
    [[gnu::noinline]] void begin_tracking();
    Departure wait_here(unsigned thread, const Wait& wait);
    Departure next();
    [[gnu::noinline]] Departure next_if_none_is_ready();
    Departure leave_for(unsigned fiber);
    static void fiber_main(boost::context::detail::transfer_t from);
    unsigned take_ready();
    [[gnu::noinline]] unsigned take_any_ready();
    unsigned idle_fiber();
    void release_barrier_if_complete();
    [[gnu::noinline]] void release_barrier();
    bool complete(Warp& warp, unsigned warp_number, unsigned index);
    bool release_active_masks();
    std::uint32_t random();
    [[noreturn]] void report_deadlock();
    std::string describe_waits() const;

    LaunchRecord* launch_ = nullptr;
    Order order_ = Order::forward;
    std::uint64_t random_state_ = 0;
    std::vector<std::uint16_t>
        permutation_;  ///< the order in which threads start, when it is random

    unsigned finished_ = 0;
    std::array<Thread, most_threads> threads_;
    std::array<Warp, most_warps> warps_;
    ThreadSet ready_;
    ThreadSet yielded_;
    ThreadSet at_barrier_;
    ThreadSet at_active_mask_;
    unsigned barrier_arrived_ = 0;
    unsigned barrier_nonzero_ = 0;
    BarrierVotes votes_;  ///< of the last barrier that was completed

    FiberStacks stacks_;
    std::array<boost::context::detail::fcontext_t, most_threads + 1> contexts_{};
    std::vector<unsigned> idle_;  ///< fibers that have nothing to run
    unsigned made_ = 1;   ///< fibers that exist; fiber 0 is the operating-system thread's own stack
    unsigned fiber_ = 0;  ///< the fiber that is running
    volatile std::uint64_t progress_ = 0;
    std::uint64_t blocks_run_ = 0;
    volatile bool running_ = false;
};

T2T_CONSTINIT extern thread_local Scheduler* current_scheduler;
Scheduler& make_scheduler();

/// The scheduler of the calling operating-system thread.
inline Scheduler& scheduler() {
    return current_scheduler != nullptr ? *current_scheduler : make_scheduler();
}

}  // namespace t2t::cpu_device
