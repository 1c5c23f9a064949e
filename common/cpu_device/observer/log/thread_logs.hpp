/// @file
/// The logs of the threads of one block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/log/sparse_memory.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// Of each thread what it has done since its warp was last replayed.
class ThreadLogs {
 public:
    /// Entries that a log has room for.
    static constexpr std::size_t capacity = 4096;

    ThreadLogs() : memory_(cpu_device::most_threads * log_bytes) {}

    /// A block of `threads` threads begins: their logs are empty.
    void begin_block(unsigned threads);

    /// @name A thread's entries are [begin, end)
    ///@{
    LogEntry* begin(unsigned thread) const {
        return reinterpret_cast<LogEntry*>(memory_.data() + thread * log_bytes);
    }
    LogEntry* end(unsigned thread) const { return end_[thread]; }
    bool is_full(unsigned thread) const { return end(thread) == begin(thread) + capacity; }
    ///@}

    /// The entries before `first` have been replayed: the others move to the log's begin.
    void keep_from(unsigned thread, const LogEntry* first);

    /// @name The log of the running thread, which is written through log_cursor
    ///@{
    void open();   ///< the thread goes on: log_cursor writes to its log
    void save();   ///< end() now counts what log_cursor has written
    void close();  ///< the thread leaves the processor, or has ended
    void stop();   ///< the thread traps: what it does from now on is the device's work
    ///@}

    /// @name Of the thread that has trapped
    ///@{
    /// What it accessed last; nullptr when its log holds no access. Of the two sides of a copy the
    /// one that holds `address`.
    const LogEntry* last_access(std::uint64_t address) const;
    /// The codes of its latest entries, the last first.
    std::vector<std::uint32_t> trail() const;
    void forget_stop() { stopped_at_ = nullptr; }
    ///@}

 private:
    // Logs of equal size would all begin in the same set of the cache: 17 cache lines more prevent it.
    static constexpr std::size_t log_bytes = capacity * sizeof(LogEntry) + 17 * 64;

    SparseMemory memory_;
    std::array<LogEntry*, cpu_device::most_threads> end_{};
    const LogEntry* stopped_at_ = nullptr;  ///< where the log of a thread that traps has ended
};

}  // namespace t2t::observer
