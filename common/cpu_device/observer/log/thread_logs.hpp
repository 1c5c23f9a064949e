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
///
/// A warp's logs have a room of memory from their first entry until they have been replayed. The
/// next warp takes the room that was given back last: it is in the cache still. When every warp
/// keeps a room of its own, all of them together are more than a cache holds.
class ThreadLogs {
 public:
    /// Entries that a log has room for.
    static constexpr std::size_t capacity = 4096;

    ThreadLogs() : memory_(cpu_device::most_warps * room_bytes) {}

    /// A block of `threads` threads begins: their logs are empty.
    void begin_block(unsigned threads);

    /// @name A thread's entries are [begin, end)
    ///@{
    LogEntry* begin(unsigned thread) const {
        char* room = room_[thread / 32];
        if (room == nullptr) return no_room();
        return reinterpret_cast<LogEntry*>(room + thread % 32 * log_bytes);
    }
    LogEntry* end(unsigned thread) const { return end_[thread]; }
    bool is_full(unsigned thread) const {
        return room_[thread / 32] != nullptr && end(thread) == begin(thread) + capacity;
    }
    /// Entries past end() that may be read, too; they mean nothing.
    static constexpr std::size_t readable_past_end = 17 * 64 / sizeof(LogEntry);
    ///@}

    /// The entries before `first` have been replayed: the others move to the log's begin.
    void keep_from(unsigned thread, const LogEntry* first);
    /// A warp has been replayed; its room is given back if no log of its `threads` has entries
    /// left.
    void give_back_room(unsigned warp, unsigned threads);

    /// @name The log of the running thread, which is written through log_cursor
    ///@{
    void open();       ///< the thread goes on: log_cursor writes to its log
    void save();       ///< end() now counts what log_cursor has written
    void close();      ///< the thread leaves the processor, or has ended
    void stop();       ///< the thread traps: what it does from now on is the device's work
    void take_room();  ///< its warp gets a room, unless it has one; then like open()
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
    static constexpr std::size_t log_bytes = (capacity + readable_past_end) * sizeof(LogEntry);
    static constexpr std::size_t room_bytes = 32 * log_bytes;

    // Where the logs of a warp without a room begin and end.
    static LogEntry* no_room() {
        static LogEntry nowhere;
        return &nowhere;
    }

    SparseMemory memory_;
    std::array<char*, cpu_device::most_warps> room_{};  ///< of each warp, or nullptr
    std::vector<char*> free_rooms_;                     ///< the one given back last at the end
    std::array<LogEntry*, cpu_device::most_threads> end_{};
    const LogEntry* stopped_at_ = nullptr;  ///< where the log of a thread that traps has ended
};

}  // namespace t2t::observer
