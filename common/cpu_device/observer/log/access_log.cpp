// Where the running CUDA thread's entries go, and what never becomes an entry.
#include "common/cpu_device/observer/log/access_log.hpp"

#include <algorithm>
#include <utility>

#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

constinit thread_local LogCursor log_cursor;

// threadIdx and its kin lie side by side: they are defined in one file.
void find_builtins() {
    const auto range = [](const auto& variable) {
        const auto begin = reinterpret_cast<std::uint64_t>(&variable);
        return std::pair(begin, begin + sizeof variable);
    };
    const auto all = {range(threadIdx),          range(blockIdx),
                      range(blockDim),           range(gridDim),
                      range(cpu_device::cursor), range(cpu_device::calls_since_yield)};
    std::uint64_t begin = ~std::uint64_t{0};
    std::uint64_t end = 0;
    for (const auto& [first, last] : all) {
        begin = std::min(begin, first);
        end = std::max(end, last);
    }
    log_cursor.builtins = begin;
    log_cursor.builtins_bytes = end - begin;
}

Pause::Pause() : next_(log_cursor.next), end_(log_cursor.end) {
    stop_recording();
}
Pause::~Pause() {
    log_cursor.next = static_cast<LogEntry*>(next_);
    log_cursor.end = static_cast<LogEntry*>(end_);
}

}  // namespace t2t::observer
