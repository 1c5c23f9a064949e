/// @file
/// Order that comes from fences: the pattern of a flag, a counter or a lock.
///
/// A thread writes, calls __threadfence(), and then writes an atomic or a volatile flag. Another reads
/// that flag later, and then what the first has written. The fence orders the two, so they do not
/// race, if fence and flag reach that far: those of block scope order the warps of a block only. What
/// a thread writes after its fence is not ordered by it.
///
/// Threads run first, and their logs are replayed later. So which flag was read when is noted while
/// they run, and which accesses came before a fence when they are replayed; what both count is the
/// fences that a thread has passed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/cpu_device/observer/log/marks.hpp"

namespace t2t::observer {

/// When a thread of a block did something.
struct ThreadTime {
    unsigned thread;
    std::uint32_t clock;  ///< of its block (block_clock.hpp)
};

/// A fence that a thread has called (`lock` is 0), or a lock that it has taken.
struct Passed {
    Scope scope = Scope::none;
    std::uint64_t lock = 0;
    std::uint32_t clock = 0;  ///< what was done before this came before it
};

/// Follows fences and flags while kernels run.
class Fences {
 public:
    /// Forgets everything: a new launch.
    void clear();

    /// @name Reported by the thread that runs the current block
    ///@{
    void enter_block();
    /// The block is actor `actor` from now on, which began at `clock`.
    void go_on_as(unsigned actor, std::uint32_t clock);
    /// @param only_takes whether the thread has just taken a lock: such a fence keeps what follows
    ///                   behind the lock, and makes nothing known
    void fence(Scope scope, bool only_takes);
    void take_lock(std::uint64_t lock);
    /// An atomic of `scope`, or a volatile access, is about to happen.
    void read_flag(std::uint64_t address, Scope scope);
    void write_atomic(std::uint64_t address, unsigned bytes, Scope scope);
    /// A volatile write. @returns how far the fence reaches that makes a flag of it
    Scope write_flag(std::uint64_t address, unsigned bytes);
    void pass_barrier(std::uint32_t clock);
    /// Some time after its flags: what had been released by now counts as seen.
    void look_around();
    void leave_block() { look_around(); }
    /// Replay has come to a fence or a lock.
    void passed(const ThreadTime& when, Passed what);
    ///@}

    /// @name Whether a flag orders what `a` and `b` do with a word
    ///@{
    /// @param actor the block of both
    bool ordered_in_block(std::uint64_t word, unsigned actor, ThreadTime a, ThreadTime b) const {
        return is_used() && are_ordered_in_block(word, actor, a, b);
    }
    /// Clocks count from the actors' begin.
    bool ordered_between_blocks(std::uint64_t word, unsigned actor_a, ThreadTime a,
                                unsigned actor_b, ThreadTime b) const {
        return is_used() && are_ordered_between_blocks(word, actor_a, a, actor_b, b);
    }
    ///@}

 private:
    // A thread's flag, raised behind fences.
    struct Release {
        std::uint64_t moment;
        unsigned thread;
        unsigned bytes;  // of the flag
        Scope scope;     // of the flag
        unsigned
            in_block;  // of what the thread has passed, all but these came before its last fence
        unsigned in_device;  // the same of its last fence for the whole device
        // What all threads of the block did before this came before a fence, which barriers lead to.
        std::uint32_t fenced_barrier;
        std::uint32_t barrier;  // the last one before the flag

        bool covers_the_same(const Release& other) const;
    };
    using Moments = std::map<std::uint64_t, std::uint64_t>;  // flag's address to a moment
    struct Block {
        std::map<unsigned, std::vector<Passed>> passed;         // of each thread
        std::map<std::uint64_t, std::vector<Release>> release;  // of each flag, in order
        Moments seen;                                           // flags that reach other blocks
        std::map<unsigned, Moments> seen_by_warp;
    };
    struct Actor {
        Block* block = nullptr;
        std::uint32_t begin = 0;
    };
    struct Access {
        const Block& block;
        ThreadTime when;
    };

    bool is_used() const { return used_.load(std::memory_order_relaxed); }
    bool are_ordered_in_block(std::uint64_t word, unsigned actor, ThreadTime a, ThreadTime b) const;
    bool are_ordered_between_blocks(std::uint64_t word, unsigned actor_a, ThreadTime a,
                                    unsigned actor_b, ThreadTime b) const;
    Block& this_block();
    void see(Block& block, std::size_t count);
    void carry(Block& block, std::uint64_t flag);
    void release(std::uint64_t address, unsigned bytes, Scope scope);
    static bool is_passed_on(std::uint64_t word, const Access& from, const Access& to, Scope reach);
    static bool covers(const Release& release, std::uint64_t flag, std::uint64_t word,
                       const Access& access, Scope reach);
    static bool holds_without_fence(const Access& access, std::uint64_t lock, Scope reach);

    std::atomic<bool> used_{false};
    mutable std::mutex mutex_;
    std::uint64_t moment_ = 0;
    Moments latest_;                            // release of each flag
    std::map<std::uint64_t, Moments> carried_;  // what those who released it had seen before
    std::map<unsigned, Block> blocks_;
    std::unordered_map<unsigned, Actor> actors_;  // those of blocks with fences or flags
};

Fences& fences();

}  // namespace t2t::observer
