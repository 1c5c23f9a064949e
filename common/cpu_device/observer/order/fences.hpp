/// @file
/// Order between blocks that comes from fences: the pattern of a flag or a counter.
///
/// A block writes, calls __threadfence(), and then writes an atomic or a volatile flag. Another
/// block reads that flag later, and then what the first has written. The fence orders the two, so
/// they do not race. Without the fence they do.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace t2t::observer {

/// Who passes something on with a flag: a block to other blocks, or a warp within its block.
using Party = std::uint64_t;
constexpr Party block_party(unsigned actor) {
    return Party{actor} << 6;
}
constexpr Party warp_party(unsigned actor, unsigned warp) {
    return (Party{actor} << 6) + 1 + warp;
}

/// Follows fences and flags while kernels run.
class Fences {
 public:
    /// Forgets everything: a new launch.
    void clear();

    /// @name Reported by the thread that runs the current block
    ///@{
    void enter_block(unsigned actor);
    void fence();
    /// An atomic or volatile access is about to happen.
    void flag(std::uint64_t address);
    /// Some time after its flags: what had been released by now counts as seen.
    void look_around();
    void leave_block() { look_around(); }
    ///@}

    /// Whether a flag orders what `a` and `b` do.
    bool ordered(Party a, Party b) const {
        return used_.load(std::memory_order_relaxed) && is_passed_on(a, b);
    }

 private:
    bool is_passed_on(Party a, Party b) const;

    using Moments = std::map<std::uint64_t, std::uint64_t>;  // flag's address to a moment

    std::atomic<bool> used_{false};
    mutable std::mutex mutex_;
    std::uint64_t moment_ = 0;
    Moments latest_;                     // release of each flag
    std::map<Party, Moments> released_;  // by each
    std::map<Party, Moments> seen_;
};

Fences& fences();

}  // namespace t2t::observer
