/// @file
/// Which lanes of a warp that have parted go first, so that they meet again where a GPU's would.
///
/// A GPU reconverges lanes at the immediate post-dominator of the branch that parted them
/// (control_flow.hpp). Here lanes that are not yet at the post-dominator run first; those that have
/// reached it wait there for the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "common/cpu_device/observer/log/thread_logs.hpp"
#include "common/cpu_device/observer/replay/control_flow.hpp"

namespace t2t::observer {

/// How early a lane's next step comes among those of lanes that stand elsewhere.
struct Turn {
    std::size_t calls = 0;   ///< functions that it is inside of
    int distance = 0;        ///< of its basic block, see ControlFlow::distance()
    std::uint32_t code = 0;  ///< of the step

    /// Whether it comes first as long as both stay in their basic blocks.
    bool is_sooner(const Turn& other) const {
        return std::tie(calls, distance) > std::tie(other.calls, other.distance);
    }
    /// Deeper calls end first; then whoever is farther from the end; any order will do for the rest.
    bool before(const Turn& other) const {
        return std::tuple(calls, distance, other.code) >
               std::tuple(other.calls, other.distance, code);
    }
};

/// Follows the threads of a block through its basic blocks.
class Reconvergence {
 public:
    void begin_block(unsigned threads) {
        for (unsigned thread = 0; thread < threads; ++thread)
            frames_[thread].assign(1, ControlFlow::end);
    }

    /// @name A thread's next entry has been replayed
    ///@{
    void enter_basic_block(unsigned thread, std::uint32_t code) { frames_[thread].back() = code; }
    void call(unsigned thread) { frames_[thread].push_back(ControlFlow::end); }
    void leave(unsigned thread) {
        if (frames_[thread].size() > 1) frames_[thread].pop_back();
    }
    ///@}

    /// Learns the steps between basic blocks that a thread is about to take.
    /// @param is_cut whether [next, end) ends because the log is full, not because the thread has
    ///        ended or waits
    void learn(unsigned thread, const LogEntry* next, const LogEntry* end, bool is_cut);

    /// When the thread's next step `code` has its turn.
    Turn turn(unsigned thread, std::uint32_t code) {
        const auto& frames = frames_[thread];
        const std::uint32_t block = kind_of(code) == Kind::block ? code : frames.back();
        return {frames.size(), control_flow_.distance(block), code};
    }

 private:
    /// Of each thread: the basic block it is in, below it those of the functions that called.
    std::array<std::vector<std::uint32_t>, cpu_device::most_threads> frames_;
    ControlFlow control_flow_;
};

}  // namespace t2t::observer
