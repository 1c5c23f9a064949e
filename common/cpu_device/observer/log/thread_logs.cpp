#include "common/cpu_device/observer/log/thread_logs.hpp"

#include <algorithm>

namespace t2t::observer {

void ThreadLogs::begin_block(unsigned threads) {
    room_.fill(nullptr);
    free_rooms_.clear();
    for (std::size_t room = cpu_device::most_warps; room-- > 0;)
        free_rooms_.push_back(memory_.data() + room * room_bytes);
    for (unsigned thread = 0; thread < threads; ++thread) end_[thread] = begin(thread);
    stopped_at_ = nullptr;
}

void ThreadLogs::keep_from(unsigned thread, const LogEntry* first) {
    end_[thread] = std::copy(first, static_cast<const LogEntry*>(end_[thread]), begin(thread));
}

void ThreadLogs::give_back_room(unsigned warp, unsigned threads) {
    if (room_[warp] == nullptr) return;
    const auto is_empty = [this](unsigned thread) { return begin(thread) == end(thread); };
    for (unsigned thread = warp * 32; thread < warp * 32 + threads; ++thread) {
        if (!is_empty(thread)) return;
    }
    free_rooms_.push_back(room_[warp]);
    room_[warp] = nullptr;
    std::fill_n(end_.begin() + warp * 32, threads, no_room());
}

void ThreadLogs::take_room() {
    const unsigned warp = cpu_device::linear_thread() / 32;
    if (room_[warp] == nullptr) {
        room_[warp] = free_rooms_.back();
        free_rooms_.pop_back();
        for (unsigned thread = warp * 32; thread < warp * 32 + 32; ++thread)
            end_[thread] = begin(thread);
    }
    open();
}

// Without a room next is end: the first entry asks for one.
void ThreadLogs::open() {
    const unsigned thread = cpu_device::linear_thread();
    log_cursor.next = end(thread);
    log_cursor.end = room_[thread / 32] == nullptr ? no_room() : begin(thread) + capacity;
}

void ThreadLogs::save() {
    end_[cpu_device::linear_thread()] = log_cursor.next;
}

void ThreadLogs::close() {
    save();
    stop_recording();
}

void ThreadLogs::stop() {
    stopped_at_ = log_cursor.next;
    stop_recording();
}

const LogEntry* ThreadLogs::last_access(std::uint64_t address) const {
    const LogEntry* first = begin(cpu_device::linear_thread());
    const LogEntry* last = nullptr;
    for (const LogEntry* entry = stopped_at_; entry != nullptr && entry > first;) {
        --entry;
        const Kind kind = kind_of(entry->code);
        if (kind < Kind::read || kind > Kind::async_write) continue;
        const bool is_copy = (entry->extra & in_pieces) != 0;
        if (last != nullptr)
            return is_copy && address - entry->address < bytes_of(entry->extra) ? entry : last;
        last = entry;
        if (!is_copy || address - entry->address < bytes_of(entry->extra)) break;
    }
    return last;
}

std::vector<std::uint32_t> ThreadLogs::trail() const {
    constexpr std::size_t enough = 64;
    std::vector<std::uint32_t> codes;
    const LogEntry* first = begin(cpu_device::linear_thread());
    for (const LogEntry* entry = stopped_at_;
         entry != nullptr && entry > first && codes.size() < enough;) {
        --entry;
        codes.push_back(entry->code);
    }
    return codes;
}

}  // namespace t2t::observer
