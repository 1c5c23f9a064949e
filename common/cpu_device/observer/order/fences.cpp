#include "common/cpu_device/observer/order/fences.hpp"

#include <algorithm>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {
namespace {

// The current block of this operating-system thread.
struct CurrentBlock {
    unsigned actor = 0;
    unsigned fenced = 0;  // a bit for each warp that has called a fence
    std::vector<std::pair<std::uint64_t, Party>> flags;  // met since the last look around, by warps
};

unsigned this_warp() {
    return cpu_device::linear_thread() / 32;
}

thread_local CurrentBlock current;

}  // namespace

Fences& fences() {
    static Fences* const all = new Fences;  // outlives the program: a report is its last act
    return *all;
}

void Fences::clear() {
    const std::lock_guard lock(mutex_);
    used_ = false;
    latest_.clear();
    released_.clear();
    seen_.clear();
}

void Fences::enter_block(unsigned actor) {
    current.actor = actor;
    current.fenced = 0;
    current.flags.clear();
}

void Fences::fence() {
    current.fenced |= 1u << this_warp();
    used_.store(true, std::memory_order_relaxed);
}

void Fences::flag(std::uint64_t address) {
    // Noted even when nobody has called a fence yet: by the time the flag is read somebody may have.
    const Party warp = warp_party(current.actor, this_warp());
    if (current.flags.empty() || current.flags.back() != std::pair(address, warp))
        current.flags.emplace_back(address, warp);
    if (current.fenced == 0) return;
    const std::lock_guard lock(mutex_);
    latest_[address] = ++moment_;
    released_[block_party(current.actor)][address] = moment_;
    if ((current.fenced >> this_warp() & 1) != 0) released_[warp][address] = moment_;
}

void Fences::look_around() {
    if (current.flags.empty()) return;
    if (!used_.load(std::memory_order_relaxed)) {
        current.flags.erase(current.flags.begin(), current.flags.end() - 1);
        return;
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [address, warp] : current.flags) {
        const auto found = latest_.find(address);
        if (found == latest_.end()) continue;
        seen_[block_party(current.actor)][address] = found->second;
        seen_[warp][address] = found->second;
    }
    // The last one may still be about to happen.
    current.flags.erase(current.flags.begin(), current.flags.end() - 1);
}

bool Fences::is_passed_on(Party a, Party b) const {
    const std::lock_guard lock(mutex_);
    const auto one_way = [this](Party from, Party to) {
        const auto released = released_.find(from);
        const auto seen = seen_.find(to);
        if (released == released_.end() || seen == seen_.end()) return false;
        return std::any_of(released->second.begin(), released->second.end(), [&](const auto& one) {
            const auto met = seen->second.find(one.first);
            return met != seen->second.end() && one.second <= met->second;
        });
    };
    return one_way(a, b) || one_way(b, a);
}

}  // namespace t2t::observer
