#include "common/cpu_device/observer/order/fences.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {
namespace {

// What a thread has passed while it ran.
struct ThreadFences {
    unsigned passed = 0;               // fences and locks
    unsigned in_block = 0;             // of these, up to its last fence
    unsigned in_device = 0;            // up to its last fence for the whole device
    std::uint32_t fenced_barrier = 0;  // the barrier before that
    // A lock has fences, too. They say nothing of what the thread writes once the lock is another's.
    std::uint64_t lock = 0;             // the word that it took last, and holds
    Scope fenced = Scope::none;         // by fences that no lock explains
    Scope fenced_before = Scope::none;  // the same when it took the lock
    Scope fenced_in_lock = Scope::none;

    void give_back(std::uint64_t word) {
        if (lock != word) return;
        fenced = fenced_before;
        lock = 0;
    }
};

// The current block of this operating-system thread.
struct CurrentBlock {
    struct As {
        unsigned actor;
        std::uint32_t begin;
    };
    struct Met {
        std::uint64_t flag;
        unsigned warp;
        Scope scope;
        friend bool operator==(const Met&, const Met&) = default;
    };
    std::vector<As> actors;
    bool is_known = false;    // to Fences
    bool has_fenced = false;  // or taken a lock
    std::uint32_t barrier = 0;
    std::uint32_t fenced_barrier = 0;   // the barrier before the last fence of any thread
    std::uint32_t settled_barrier = 0;  // the same of fences that another barrier follows
    std::array<ThreadFences, cpu_device::most_threads> threads{};
    std::vector<Met> flags;  // met since the last look around
};

thread_local CurrentBlock current;

ThreadFences& this_threads() {
    current.has_fenced = true;
    return current.threads[cpu_device::linear_thread()];
}

}  // namespace

Fences& fences() {
    static Fences* const all = new Fences;  // outlives the program: a report is its last act
    return *all;
}

void Fences::clear() {
    const std::lock_guard lock(mutex_);
    used_ = false;
    latest_.clear();
    carried_.clear();
    blocks_.clear();
    actors_.clear();
}

// ---- while threads run ------------------------------------------------------------------------------

void Fences::enter_block() {
    if (current.has_fenced) current.threads.fill({});
    current.actors.clear();
    current.is_known = current.has_fenced = false;
    current.barrier = current.fenced_barrier = current.settled_barrier = 0;
    current.flags.clear();
}

void Fences::go_on_as(unsigned actor, std::uint32_t clock) {
    current.actors.push_back({actor, clock});
    if (!current.is_known) return;
    const std::lock_guard lock(mutex_);
    actors_[actor] = {&this_block(), clock};
}

// With mutex_ held.
Fences::Block& Fences::this_block() {
    Block& block = blocks_[current.actors.front().actor];
    if (!current.is_known) {
        for (const CurrentBlock::As& as : current.actors) actors_[as.actor] = {&block, as.begin};
        current.is_known = true;
    }
    return block;
}

void Fences::fence(Scope scope, bool only_takes) {
    ThreadFences& mine = this_threads();
    mine.fenced_in_lock = std::max(mine.fenced_in_lock, scope);
    if (!only_takes) mine.fenced = std::max(mine.fenced, scope);
    mine.in_block = ++mine.passed;
    if (scope == Scope::device) {
        mine.in_device = mine.passed;
        mine.fenced_barrier = current.fenced_barrier = current.barrier;
    }
    used_.store(true, std::memory_order_relaxed);
}

void Fences::take_lock(std::uint64_t lock) {
    ThreadFences& mine = this_threads();
    ++mine.passed;
    mine.lock = lock;
    mine.fenced_before = mine.fenced;
    mine.fenced_in_lock = Scope::none;
}

void Fences::pass_barrier(std::uint32_t clock) {
    current.barrier = clock;
    current.settled_barrier = current.fenced_barrier;
}

bool Fences::Release::covers_the_same(const Release& other) const {
    return thread == other.thread && scope == other.scope && in_block == other.in_block &&
           in_device == other.in_device && fenced_barrier == other.fenced_barrier &&
           barrier == other.barrier;
}

// Noted even when nobody has called a fence yet: by the time the flag is read somebody may have.
void Fences::read_flag(std::uint64_t address, Scope scope) {
    const CurrentBlock::Met met{address, cpu_device::linear_thread() / 32, scope};
    if (current.flags.empty() || current.flags.back() != met) current.flags.push_back(met);
}

void Fences::write_atomic(std::uint64_t address, unsigned bytes, Scope scope) {
    if (!current.has_fenced) return;
    release(address, bytes, scope);
    current.threads[cpu_device::linear_thread()].give_back(address);
}

Scope Fences::write_flag(std::uint64_t address, unsigned bytes) {
    if (!current.has_fenced) return Scope::none;
    ThreadFences& mine = current.threads[cpu_device::linear_thread()];
    const Scope scope = mine.lock == address ? mine.fenced_in_lock : mine.fenced;
    if (scope != Scope::none) release(address, bytes, scope);
    mine.give_back(address);
    return scope;
}

void Fences::release(std::uint64_t address, unsigned bytes, Scope scope) {
    const unsigned thread = cpu_device::linear_thread();
    const ThreadFences& mine = current.threads[thread];
    Release made{0,
                 thread,
                 bytes,
                 scope,
                 mine.in_block,
                 mine.in_device,
                 std::max(mine.fenced_barrier, current.settled_barrier),
                 current.barrier};
    const std::lock_guard lock(mutex_);
    Block& block = this_block();
    if (scope == Scope::device) carry(block, address);
    std::vector<Release>& all = block.release[address];
    const auto last = std::find_if(all.rbegin(), all.rend(),
                                   [&](const Release& one) { return one.thread == thread; });
    // The first of several that make the same known is enough: a thread that waits asks often.
    if (last != all.rend() && last->covers_the_same(made)) return;
    made.moment = latest_[address] = ++moment_;
    all.push_back(made);
}

// Who sees the flag will see what this block has seen. With mutex_ held.
void Fences::carry(Block& block, std::uint64_t flag) {
    see(block, current.flags.size());
    constexpr std::size_t most_carried = 64;  // of thousands of locks none carries the others
    if (block.seen.size() > most_carried) return;
    for (const auto& [other, moment] : block.seen) {
        std::uint64_t& carried = carried_[flag][other];
        carried = std::max(carried, moment);
    }
}

void Fences::look_around() {
    if (current.flags.empty()) return;
    // The last one may still be about to happen.
    const std::size_t happened = current.flags.size() - 1;
    if (is_used()) {
        const std::lock_guard lock(mutex_);
        see(this_block(), current.flags.size());
    }
    current.flags.erase(current.flags.begin(),
                        current.flags.begin() + static_cast<std::ptrdiff_t>(happened));
}

// What had been released by now through the first `count` of the block's flags counts as seen, and what
// those who released it had seen themselves. With mutex_ held.
void Fences::see(Block& block, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const CurrentBlock::Met& met = current.flags[i];
        const auto found = latest_.find(met.flag);
        if (found == latest_.end()) continue;
        block.seen_by_warp[met.warp][met.flag] = found->second;
        if (met.scope != Scope::device) continue;
        block.seen[met.flag] = found->second;
        for (const auto& [flag, moment] : carried_[met.flag]) {
            std::uint64_t& seen = block.seen[flag];
            seen = std::max(seen, moment);
        }
    }
}

// ---- while their logs are replayed ------------------------------------------------------------------

void Fences::passed(const ThreadTime& when, Passed what) {
    what.clock = when.clock;
    const std::lock_guard lock(mutex_);
    this_block().passed[when.thread].push_back(what);
}

bool Fences::are_ordered_in_block(std::uint64_t word, unsigned actor, ThreadTime a,
                                  ThreadTime b) const {
    const std::lock_guard lock(mutex_);
    const auto found = actors_.find(actor);
    if (found == actors_.end()) return false;
    const Block& block = *found->second.block;
    return is_passed_on(word, {block, a}, {block, b}, Scope::block) ||
           is_passed_on(word, {block, b}, {block, a}, Scope::block);
}

bool Fences::are_ordered_between_blocks(std::uint64_t word, unsigned actor_a, ThreadTime a,
                                        unsigned actor_b, ThreadTime b) const {
    const std::lock_guard lock(mutex_);
    const auto of_a = actors_.find(actor_a);
    const auto of_b = actors_.find(actor_b);
    if (of_a == actors_.end() || of_b == actors_.end()) return false;
    a.clock += of_a->second.begin;
    b.clock += of_b->second.begin;
    const Access first{*of_a->second.block, a};
    const Access second{*of_b->second.block, b};
    return is_passed_on(word, first, second, Scope::device) ||
           is_passed_on(word, second, first, Scope::device);
}

// Whether `from` came before a flag was raised that `to` has read. @param reach how far fences and
// flags must reach
bool Fences::is_passed_on(std::uint64_t word, const Access& from, const Access& to, Scope reach) {
    const Moments* seen = &to.block.seen;
    if (reach == Scope::block) {
        const auto found = to.block.seen_by_warp.find(to.when.thread / 32);
        if (found == to.block.seen_by_warp.end()) return false;
        seen = &found->second;
    }
    for (const auto& [flag, moment] : *seen) {
        const auto released = from.block.release.find(flag);
        if (released == from.block.release.end()) continue;
        const bool is_covered =
            std::any_of(released->second.begin(), released->second.end(), [&](const Release& one) {
                return one.moment <= moment && one.scope >= reach &&
                       covers(one, flag, word, from, reach);
            });
        if (is_covered && !holds_without_fence(from, flag, reach) &&
            !holds_without_fence(to, flag, reach)) {
            return true;
        }
    }
    return false;
}

// Whether a release makes an access known. Lanes of the warp count as one: which of them calls the
// fence for the others is a matter of __syncwarp.
bool Fences::covers(const Release& release, std::uint64_t flag, std::uint64_t word,
                    const Access& access, Scope reach) {
    const unsigned fenced = reach == Scope::block ? release.in_block : release.in_device;
    const auto [thread, clock] = access.when;
    const auto found = access.block.passed.find(thread);
    static const std::vector<Passed> nothing;
    const std::vector<Passed>& all = found == access.block.passed.end() ? nothing : found->second;
    const auto later = std::find_if(all.begin(), all.end(),
                                    [at = clock](const Passed& one) { return one.clock > at; });
    if (thread == release.thread) {
        const auto passed = static_cast<unsigned>(later - all.begin());
        if (passed < fenced) return true;
        const bool is_the_flag = word < flag + release.bytes && flag < word + 4;
        if (is_the_flag && fenced != 0 && passed <= fenced) return true;
    } else if (thread / 32 == release.thread / 32 && fenced != 0) {
        return true;
    }
    if (reach == Scope::block)
        return false;  // between its warps barriers make an order of their own
    if (clock < release.fenced_barrier) return true;
    return std::any_of(later, all.end(), [&](const Passed& one) {
        return one.scope == Scope::device && one.clock < release.barrier;
    });
}

// Whether the thread has taken `lock` before the access, and not called a fence since.
bool Fences::holds_without_fence(const Access& access, std::uint64_t lock, Scope reach) {
    const auto found = access.block.passed.find(access.when.thread);
    if (found == access.block.passed.end()) return false;
    for (auto one = found->second.rbegin(); one != found->second.rend(); ++one) {
        if (one->clock > access.when.clock) continue;
        if (one->lock == lock) return true;
        if (one->scope >= reach) return false;
    }
    return false;
}

}  // namespace t2t::observer
