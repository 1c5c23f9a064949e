// The logs of a block's threads, and how the logs of a warp become what the warp did.
//
// On the CPU device the lanes of a warp run one after the other. Each writes down its accesses and
// the basic blocks it comes through. When all lanes have ended or wait for their block, the logs are
// walked side by side: lanes that do the same next go together, as one instruction of the warp. When
// they differ, those go first through whose place the others need not come; the others wait where
// the ways meet (control_flow.hpp).
#include "common/cpu_device/observer/replay/block_observer.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"

namespace t2t::observer {

constinit thread_local LogCursor log_cursor;

namespace {

constexpr std::size_t log_entries = 4096;  // of a thread, before its warp is looked at
// Logs begin 17 cache lines apart from where they would all share a cache set.
constexpr std::size_t log_bytes = log_entries * sizeof(LogEntry) + 17 * 64;

struct Observers {
    std::mutex mutex;
    std::set<BlockObserver*> all;
    std::unordered_map<std::uint32_t, Site> of_ended_threads;
};
Observers& observers() {
    static Observers* const list = new Observers;
    return *list;
}

template <typename Visit>
void for_each_bit(unsigned lanes, Visit visit) {
    for (unsigned left = lanes; left != 0; left &= left - 1)
        visit(unsigned(std::countr_zero(left)));
}

bool waits_for_others(Kind kind) {
    return kind == Kind::warp_sync || kind == Kind::warp_operation || kind == Kind::barrier ||
           kind == Kind::tensor;
}

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

}  // namespace

BlockObserver::BlockObserver() {
    memory_.emplace_back(cpu_device::most_threads * log_bytes);
    logs_ = reinterpret_cast<LogEntry*>(memory_.back().data());
    table_.assign(1024, 0);
    sites_.reserve(512);
    find_builtins();
    learn_shared_arrays();
    const std::lock_guard lock(observers().mutex);
    observers().all.insert(this);
}

BlockObserver::~BlockObserver() {
    const std::lock_guard lock(observers().mutex);
    observers().all.erase(this);
    collect(observers().of_ended_threads);
}

BlockObserver& block_observer() {
    thread_local BlockObserver mine;
    return mine;
}

void collect_all(std::unordered_map<std::uint32_t, Site>& sites) {
    const std::lock_guard lock(observers().mutex);
    for (BlockObserver* one : observers().all) one->collect(sites);
    for (const auto& [code, site] : observers().of_ended_threads) {
        const auto [found, is_new] = sites.try_emplace(code, site);
        if (!is_new) found->second.add(site);
    }
    observers().of_ended_threads.clear();
}

// ---- places -------------------------------------------------------------------------------------

Site& BlockObserver::site(std::uint32_t code) {
    const std::size_t mask = table_.size() - 1;
    for (std::size_t i = code * 0x9E3779B1u >> 7;; ++i) {
        const std::uint32_t entry = table_[i & mask];
        if (entry == 0) break;
        if (sites_[entry - 1].code == code) return sites_[entry - 1];
    }
    if (2 * (sites_.size() + 1) > table_.size()) table_.resize(2 * table_.size());
    Site& made = sites_.emplace_back();
    made.code = code;
    made.id = Observation::instance().site_id(code);
    std::fill(table_.begin(), table_.end(), 0);
    for (std::size_t s = 0; s < sites_.size(); ++s) {
        std::size_t i = sites_[s].code * 0x9E3779B1u >> 7;
        while (table_[i & (table_.size() - 1)] != 0) ++i;
        table_[i & (table_.size() - 1)] = static_cast<std::uint32_t>(s + 1);
    }
    return made;
}

void BlockObserver::collect(std::unordered_map<std::uint32_t, Site>& sites) {
    for (Site& one : sites_) {
        if (one.warps == 0) continue;
        const auto [found, is_new] = sites.try_emplace(one.code, one);
        if (!is_new) found->second.add(one);
    }
    sites_.clear();
    std::fill(table_.begin(), table_.end(), 0);
}

ThreadPlace BlockObserver::place_of(unsigned thread) const {
    return {
        blockIdx,
        {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / blockDim.x / blockDim.y}};
}

// ---- the block's course -------------------------------------------------------------------------

LogEntry* BlockObserver::log_of(unsigned thread) const {
    return reinterpret_cast<LogEntry*>(reinterpret_cast<char*>(logs_) + thread * log_bytes);
}

void BlockObserver::begin_block(const void* frame) {
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    frame_ = static_cast<const char*>(frame);
    warps_ = (threads + 31) / 32;
    for (unsigned warp = 0; warp < warps_; ++warp) {
        lanes_[warp] = std::min(threads - warp * 32, 32u);
        waiting_[warp] = ended_[warp] = 0;
    }
    for (unsigned thread = 0; thread < threads; ++thread) {
        next_[thread] = log_of(thread);
        frames_[thread].assign(1, ControlFlow::end);
    }
    first_waiter_ = nullptr;
    stopped_at_ = nullptr;
    stuck_ = nullptr;
    dynamic_begin_ = reinterpret_cast<std::uint64_t>(cpu_device::dynamic_shared_memory());
    dynamic_bytes_ = cpu_device::scheduler().launch()->shared_bytes;
    begin_time(threads);
}

void BlockObserver::end_block() {
    log_cursor.next = log_cursor.end = nullptr;
    fences().leave_block();
}

void BlockObserver::save_log() {
    next_[cpu_device::linear_thread()] = log_cursor.next;
}

void BlockObserver::load_log() {
    const unsigned thread = cpu_device::linear_thread();
    log_cursor.next = next_[thread];
    log_cursor.end = log_of(thread) + log_entries;
}

void BlockObserver::begin_thread() {
    load_log();
}

void BlockObserver::end_thread() {
    save_log();
    log_cursor.next = log_cursor.end = nullptr;
    const unsigned thread = cpu_device::linear_thread();
    ended_[thread / 32] |= 1u << thread % 32;
    replay_if_halted(thread / 32);
}

void BlockObserver::leave_thread() {
    save_log();
    log_cursor.next = log_cursor.end = nullptr;
}

void BlockObserver::resume_thread() {
    load_log();
}

void BlockObserver::replay_if_halted(unsigned warp) {
    if ((ended_[warp] | waiting_[warp]) == whole_warp(warp)) replay(warp, true);
}

void BlockObserver::wait_at_barrier(const cpu_device::Wait& wait) {
    const unsigned thread = cpu_device::linear_thread();
    if (first_waiter_ == nullptr) {
        first_waiter_ = &wait;
        first_waiter_place_ = place_of(thread);
    } else if (wait.where.line != first_waiter_->where.line ||
               std::string_view(wait.where.file) != first_waiter_->where.file) {
        SeenFault fault;
        fault.kind = FaultKind::divergent_barrier;
        fault.kernel = Observation::instance().kernel();
        fault.place = {wait.where.file, static_cast<int>(wait.where.line), {}};
        fault.thread = place_of(thread);
        fault.detail = "waits in " + std::string(wait.what) + " here while thread " +
                       std::to_string(first_waiter_place_.thread.x) +
                       " of the block waits at line " + std::to_string(first_waiter_->where.line);
        Observation::instance().add(std::move(fault));
    }
    save_log();
    waiting_[thread / 32] |= 1u << thread % 32;
    replay_if_halted(thread / 32);
    load_log();
}

void BlockObserver::barrier_is_complete(unsigned exited) {
    if (exited != 0 && first_waiter_ != nullptr) {
        SeenFault fault;
        fault.kind = FaultKind::divergent_barrier;
        fault.kernel = Observation::instance().kernel();
        fault.place = {first_waiter_->where.file, static_cast<int>(first_waiter_->where.line), {}};
        fault.thread = first_waiter_place_;
        fault.detail = "waits in " + std::string(first_waiter_->what) + ", which " +
                       std::to_string(exited) + " of the block's threads never reach: they have " +
                       "left the kernel";
        Observation::instance().add(std::move(fault));
    }
    first_waiter_ = nullptr;
    waiting_.fill(0);
    pass_barrier();
}

// A log is full. All others come as far as they can; then as much of the warp's logs is looked at as
// all lanes have, so that lanes which go together stay together.
bool BlockObserver::make_room() {
    const unsigned warp = cpu_device::linear_thread() / 32;
    cpu_device::yield_thread();
    for (const bool to_the_end : {false, true}) {
        if (log_cursor.next != log_cursor.end) break;
        save_log();
        replay(warp, to_the_end);
        load_log();
    }
    return true;
}

// What the warp has written is there for other blocks from now on, though its logs have not been
// looked at yet.
void BlockObserver::pass_fence() {
    fences().fence();
    save_log();
    const unsigned warp = cpu_device::linear_thread() / 32;
    const std::lock_guard lock(global_memory().mutex);
    for (unsigned lane = 0; lane < lanes_[warp]; ++lane) {
        const unsigned thread = warp * 32 + lane;
        for (const LogEntry* entry = log_of(thread); entry != next_[thread]; ++entry) {
            const Kind kind = kind_of(entry->code);
            if (kind != Kind::write && kind != Kind::flag_write && kind != Kind::atomic) continue;
            Allocation* memory = global_memory().find(entry->address);
            const unsigned bytes = entry->extra & ~in_pieces;
            if (memory != nullptr && memory->holds(entry->address, bytes))
                memory->initialise(entry->address, bytes);
        }
    }
}

const LogEntry* BlockObserver::last_access() const {
    const LogEntry* first = log_of(cpu_device::linear_thread());
    for (const LogEntry* entry = stopped_at_; entry != nullptr && entry > first;) {
        --entry;
        const Kind kind = kind_of(entry->code);
        if (kind >= Kind::read && kind <= Kind::async_write) return entry;
    }
    return nullptr;
}

// What the device does to describe a fault is not the kernel's any more.
void BlockObserver::begin_fault() {
    stopped_at_ = log_cursor.next;
    log_cursor.next = log_cursor.end = nullptr;
}

void BlockObserver::stuck(unsigned thread, const cpu_device::Wait& wait) {
    stuck_ = &wait;
    stuck_thread_ = thread;
}

// The latest places that the running thread came through, the last first.
std::vector<std::uint32_t> BlockObserver::trail() const {
    constexpr std::size_t enough = 64;
    std::vector<std::uint32_t> codes;
    const LogEntry* first = log_of(cpu_device::linear_thread());
    for (const LogEntry* entry = stopped_at_; entry != nullptr && entry > first;) {
        --entry;
        if (codes.size() < enough) codes.push_back(entry->code);
    }
    return codes;
}

// ---- side by side -------------------------------------------------------------------------------

// Looks at the logs of a warp; unless `to_the_end` only until the log of a lane that goes on is used
// up.
void BlockObserver::replay(unsigned warp, bool to_the_end) {
    cpu_device::scheduler().note_progress();
    unsigned active = 0;
    for (unsigned lane = 0; lane < lanes_[warp]; ++lane) {
        const unsigned thread = warp * 32 + lane;
        at_[lane] = log_of(thread);
        last_[lane] = next_[thread];
        if (at_[lane] != last_[lane]) active |= 1u << lane;
    }
    const unsigned needed = to_the_end ? 0 : whole_warp(warp) & ~(ended_[warp] | waiting_[warp]);
    ways_are_known_ = false;
    fences().look_around();
    while (active != 0 && (active & needed) == needed) {
        // As long as all go together, no lane's log ends before this many steps.
        std::ptrdiff_t steps = log_entries;
        for_each_bit(active,
                     [&](unsigned lane) { steps = std::min(steps, last_[lane] - at_[lane]); });
        while (steps-- > 0) {
            const Group group = choose(warp, active);
            step(warp, group);
            if (group.lanes == ~0u) {
                for (const LogEntry*& entry : at_) ++entry;
            } else {
                for_each_bit(group.lanes, [&](unsigned lane) { ++at_[lane]; });
            }
            if (group.lanes != active) break;
        }
        for_each_bit(active, [&](unsigned lane) {
            if (at_[lane] == last_[lane]) active &= ~(1u << lane);
        });
    }
    keep_rest(warp);
    if (global_lock_.owns_lock()) global_lock_.unlock();
}

// What has not been looked at moves to the begin of its log.
void BlockObserver::keep_rest(unsigned warp) {
    for (unsigned lane = 0; lane < lanes_[warp]; ++lane) {
        LogEntry* first = log_of(warp * 32 + lane);
        next_[warp * 32 + lane] = std::copy(at_[lane], last_[lane], first);
    }
}

BlockObserver::Group BlockObserver::choose(unsigned warp, unsigned active) {
    const std::uint32_t first = at_[std::countr_zero(active)]->code;
    std::uint32_t difference = 0;
    if (active == ~0u) {
        for (const LogEntry* entry : at_) difference |= entry->code ^ first;
    } else {
        for_each_bit(active, [&](unsigned lane) { difference |= at_[lane]->code ^ first; });
    }
    if (difference == 0) return {active, first};

    if (!ways_are_known_) learn_ways(warp);
    unsigned ready = 0;
    for_each_bit(active, [&](unsigned lane) {
        if (!waits_for_others(kind_of(at_[lane]->code))) ready |= 1u << lane;
    });
    if (ready == 0) ready = active;
    struct Rank {
        std::size_t calls;
        int distance;
        std::uint32_t code;
    };
    std::array<Rank, 32> ranks;
    Rank best{0, 0, 0};
    for_each_bit(ready, [&](unsigned lane) {
        const std::uint32_t code = at_[lane]->code;
        const auto& frames = frames_[warp * 32 + lane];
        const std::uint32_t block = kind_of(code) == Kind::block ? code : frames.back();
        const Rank rank{frames.size(), control_flow_.distance(block), code};
        ranks[lane] = rank;
        if (std::tuple(rank.calls, rank.distance, best.code) >
            std::tuple(best.calls, best.distance, code)) {
            best = rank;
        }
    });
    Group group{0, best.code};
    for_each_bit(ready, [&](unsigned lane) {
        if (ranks[lane].code == best.code && ranks[lane].calls == best.calls)
            group.lanes |= 1u << lane;
    });
    return group;
}

// Enters the steps between basic blocks that the warp's lanes are about to take.
void BlockObserver::learn_ways(unsigned warp) {
    ways_are_known_ = true;
    for (unsigned lane = 0; lane < lanes_[warp]; ++lane) {
        std::vector<std::uint32_t> frames = frames_[warp * 32 + lane];
        for (const LogEntry* entry = at_[lane]; entry != last_[lane]; ++entry) {
            switch (kind_of(entry->code)) {
                case Kind::block:
                    if (frames.back() != ControlFlow::end)
                        control_flow_.add(frames.back(), entry->code);
                    frames.back() = entry->code;
                    break;
                case Kind::call:
                    frames.push_back(ControlFlow::end);
                    break;
                case Kind::leave:
                    control_flow_.add(frames.back(), ControlFlow::end);
                    if (frames.size() > 1) frames.pop_back();
                    break;
                default:
                    break;
            }
        }
        // A barrier is an end, too: all lanes meet there. A log that is only full has an end
        // somewhere; as long as no thread has shown it, it ends here.
        const bool is_full =
            at_[lane] != last_[lane] && last_[lane] == log_of(warp * 32 + lane) + log_entries;
        if (!is_full || control_flow_.distance(frames.back()) == 0)
            control_flow_.add(frames.back(), ControlFlow::end);
    }
}

void BlockObserver::step(unsigned warp, Group group) {
    const LogEntry& first = *at_[std::countr_zero(group.lanes)];
    const Kind kind = kind_of(group.code);
    Site& here = site(group.code);
    ++here.warps;
    here.threads += static_cast<unsigned>(std::popcount(group.lanes));
    switch (kind) {
        case Kind::read:
        case Kind::write:
        case Kind::flag_read:
        case Kind::flag_write:
        case Kind::atomic:
        case Kind::async_read:
        case Kind::async_write:
            if (group.lanes == ~0u) {
                for (unsigned lane = 0; lane < 32; ++lane) addresses_[lane] = at_[lane]->address;
            } else {
                for_each_bit(group.lanes,
                             [&](unsigned lane) { addresses_[lane] = at_[lane]->address; });
            }
            access(here, warp, group.lanes, kind, first.extra);
            break;
        case Kind::block:
            for_each_bit(group.lanes,
                         [&](unsigned lane) { frames_[warp * 32 + lane].back() = group.code; });
            break;
        case Kind::call:
            for_each_bit(group.lanes, [&](unsigned lane) {
                frames_[warp * 32 + lane].push_back(ControlFlow::end);
            });
            break;
        case Kind::leave:
            for_each_bit(group.lanes, [&](unsigned lane) {
                auto& frames = frames_[warp * 32 + lane];
                if (frames.size() > 1) frames.pop_back();
            });
            break;
        case Kind::warp_sync:
            for (unsigned left = group.lanes; left != 0;) {
                const std::uint32_t mask = at_[std::countr_zero(left)]->extra;
                unsigned together = 0;
                for_each_bit(left, [&](unsigned lane) {
                    if (at_[lane]->extra == mask) together |= 1u << lane;
                });
                pass_warp_sync(warp, together);
                left &= ~together;
            }
            break;
        case Kind::tensor:
        case Kind::narrow:
            here.extra = kind == Kind::tensor ? here.extra + first.extra : first.extra;
            break;
        case Kind::warp_operation:
        case Kind::barrier:
        case Kind::fence:
            break;
    }
}

// ---- what the scheduler reports (marks.hpp) -------------------------------------------------------

void begin_fault() {
    if (log_cursor.next != nullptr) block_observer().begin_fault();
}
void stuck(unsigned thread, const cpu_device::Wait& wait) {
    if (Observation::instance().running()) block_observer().stuck(thread, wait);
}

bool make_room() {
    return log_cursor.next != nullptr && block_observer().make_room();
}

void pass_fence() {
    block_observer().pass_fence();
}

void begin_block(const void* frame) {
    if (Observation::instance().running()) block_observer().begin_block(frame);
}
void end_block() {
    if (Observation::instance().running()) block_observer().end_block();
}
void begin_thread() {
    if (Observation::instance().running()) block_observer().begin_thread();
}
void end_thread() {
    if (log_cursor.next != nullptr) block_observer().end_thread();
}
bool leave_thread() {
    if (log_cursor.next == nullptr) return false;
    block_observer().leave_thread();
    return true;
}
void resume_thread() {
    block_observer().resume_thread();
}
void wait_at_barrier(const cpu_device::Wait& wait) {
    if (log_cursor.next != nullptr) block_observer().wait_at_barrier(wait);
}
void barrier_is_complete(unsigned exited) {
    if (Observation::instance().running()) block_observer().barrier_is_complete(exited);
}
void grid_barrier_passed() {
    if (Observation::instance().running()) block_observer().grid_barrier_passed();
}

Pause::Pause() : next_(log_cursor.next), end_(log_cursor.end) {
    log_cursor.next = log_cursor.end = nullptr;
}
Pause::~Pause() {
    log_cursor.next = static_cast<LogEntry*>(next_);
    log_cursor.end = static_cast<LogEntry*>(end_);
}

}  // namespace t2t::observer
