#include "common/cpu_device/observer/order/global_memory.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/cpu_device/observer/log/marks.hpp"

namespace t2t::observer {

// ---- one allocation -------------------------------------------------------------------------------

void Allocation::make_cells(bool for_writing) {
    SparseMemory& cells = for_writing ? writers : readers;
    if (cells.data() == nullptr) cells = SparseMemory((bytes + 3) / 4 * sizeof(Cell));
}

void Allocation::initialise(std::uint64_t from, std::uint64_t count) {
    if (is_initialised) return;
    const std::uint64_t first = from - begin;
    const std::uint64_t last = first + count;
    if (count == bytes) {
        is_initialised = true;
        initialised = SparseMemory();
        return;
    }
    if (initialised.data() == nullptr) initialised = SparseMemory((bytes + 7) / 8);
    auto* bits = reinterpret_cast<unsigned char*>(initialised.data());
    for (std::uint64_t i = first; i < last;) {
        if (i % 8 == 0 && last - i >= 8) {
            bits[i / 8] = 0xff;
            i += 8;
        } else {
            bits[i / 8] |= static_cast<unsigned char>(1u << i % 8);
            ++i;
        }
    }
}

std::uint64_t Allocation::first_uninitialised(std::uint64_t from, std::uint64_t count) const {
    if (is_initialised) return from + count;
    if (initialised.data() == nullptr) return from;
    const auto* bits = reinterpret_cast<const unsigned char*>(initialised.data());
    for (std::uint64_t i = from; i < from + count; ++i) {
        const std::uint64_t byte = i - begin;
        if ((bits[byte / 8] >> byte % 8 & 1) == 0) return i;
    }
    return from + count;
}

// ---- all of them ----------------------------------------------------------------------------------

GlobalMemory& global_memory() {
    static GlobalMemory* const all = new GlobalMemory;  // outlives every destructor that frees
    return *all;
}

void GlobalMemory::allocate(std::uint64_t begin, std::uint64_t bytes, bool host_may_touch) {
    const std::lock_guard lock(mutex);
    // Addresses are given again only after those that were freed there are long forgotten.
    const auto overlaps = [&](const Allocation& other) {
        return other.begin < begin + bytes && begin < other.end();
    };
    auto next = allocations_.upper_bound(begin);
    if (next != allocations_.begin() && overlaps(*std::prev(next)->second)) --next;
    while (next != allocations_.end() && overlaps(*next->second)) next = allocations_.erase(next);
    auto made = std::make_unique<Allocation>();
    made->begin = begin;
    made->bytes = bytes;
    made->host_may_touch = host_may_touch;
    made->allocated_by = this_call_chain();
    allocations_[begin] = std::move(made);
    bytes_in_use_ += bytes;
    if (host_may_touch) {
        host_begin_ = std::min<std::uint64_t>(host_begin_, begin);
        host_end_ = std::max<std::uint64_t>(host_end_, begin + bytes);
    }
}

void GlobalMemory::free(std::uint64_t begin) {
    const std::lock_guard lock(mutex);
    const auto found = allocations_.find(begin);
    if (found == allocations_.end() || found->second->is_freed) return;
    Allocation& allocation = *found->second;
    allocation.is_freed = true;
    allocation.freed_by = this_call_chain();
    allocation.writers = SparseMemory();
    allocation.readers = SparseMemory();
    allocation.initialised = SparseMemory();
    bytes_in_use_ -= allocation.bytes;
}

void GlobalMemory::initialise(std::uint64_t begin, std::uint64_t bytes) {
    const std::lock_guard lock(mutex);
    Allocation* allocation = find(begin);
    if (allocation != nullptr && allocation->holds(begin, bytes))
        allocation->initialise(begin, bytes);
}

void GlobalMemory::copy(std::uint64_t to, std::uint64_t from, std::uint64_t bytes) {
    const std::lock_guard lock(mutex);
    Allocation* target = find(to);
    if (target == nullptr || !target->holds(to, bytes)) return;
    const Allocation* source = find(from);
    if (source == nullptr || source->is_initialised || !source->holds(from, bytes)) {
        target->initialise(to, bytes);
        return;
    }
    for (std::uint64_t i = 0; i < bytes; ++i) {
        if (source->first_uninitialised(from + i, 1) != from + i) target->initialise(to + i, 1);
    }
}

Allocation* GlobalMemory::add_variable(std::uint64_t begin, std::uint64_t bytes,
                                       const std::string& name, bool is_constant) {
    auto made = std::make_unique<Allocation>();
    made->begin = begin;
    made->bytes = bytes;
    made->variable = name;
    made->is_constant = is_constant;
    made->is_initialised = true;
    return (allocations_[begin] = std::move(made)).get();
}

Allocation* GlobalMemory::find(std::uint64_t address) {
    auto found = allocations_.upper_bound(address);
    if (found == allocations_.begin()) return nullptr;
    --found;
    return address < found->second->end() ? found->second.get() : nullptr;
}

Allocation* GlobalMemory::nearest(std::uint64_t address, std::uint64_t distance) {
    const auto above = allocations_.upper_bound(address);
    Allocation* best = nullptr;
    if (above != allocations_.begin()) {
        Allocation* below = std::prev(above)->second.get();
        if (below->variable.empty() && address - below->end() < distance) {
            best = below;
            distance = address - below->end();
        }
    }
    if (above != allocations_.end() && above->second->variable.empty() &&
        above->first - address < distance) {
        best = above->second.get();
    }
    return best;
}

Allocation* GlobalMemory::variable_below(std::uint64_t address, std::uint64_t distance) {
    auto next = allocations_.upper_bound(address);
    while (next != allocations_.begin()) {
        Allocation* below = std::prev(next)->second.get();
        if (address - below->end() >= distance) return nullptr;
        if (!below->variable.empty()) return below;
        --next;
    }
    return nullptr;
}

void GlobalMemory::clear_cells() {
    for (auto& [begin, allocation] : allocations_) {
        allocation->writers.clear();
        allocation->readers.clear();
    }
}

std::size_t GlobalMemory::shadow_bytes() const {
    std::size_t sum = 0;
    for (const auto& [begin, allocation] : allocations_) {
        sum += allocation->writers.resident() + allocation->readers.resident() +
               allocation->initialised.resident();
    }
    return sum;
}

// ---- what the runtime reports (marks.hpp) ---------------------------------------------------------

void allocated(const void* start, std::size_t bytes, bool host_may_touch) {
    global_memory().allocate(reinterpret_cast<std::uint64_t>(start), bytes, host_may_touch);
}
void freed(const void* start) {
    global_memory().free(reinterpret_cast<std::uint64_t>(start));
}

}  // namespace t2t::observer
