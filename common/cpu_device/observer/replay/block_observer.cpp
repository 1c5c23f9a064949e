#include "common/cpu_device/observer/replay/block_observer.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/observer/replay/host_side.hpp"
#include "common/cpu_device/observer/replay/thread_place.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"

namespace t2t::observer {
namespace {

struct Observers {
    std::mutex mutex;
    std::set<BlockObserver*> all;
    std::unordered_map<std::uint32_t, Site> of_ended_threads;
};
Observers& observers() {
    static Observers* const list = new Observers;
    return *list;
}

// Whether a deadlock is one of lanes that wait for others in a shuffle, a vote or a reduction: the mask
// is wrong, wherever those others are. (In __syncwarp the branch may as well be.)
bool waits_for_a_value(std::string_view deadlock) {
    return deadlock.find("with mask") != deadlock.npos &&
           deadlock.find("__syncwarp") == deadlock.npos;
}

bool is_in_the_program(const void* code) {
    const auto address = reinterpret_cast<std::uint64_t>(code);
    return address >= program_symbols().code_begin && address < program_symbols().code_end;
}

bool is_access(const LogEntry& entry) {
    const Kind kind = kind_of(entry.code);
    return kind >= Kind::read && kind <= Kind::async_write;
}

// Whether a thread whose log is full goes on to other memory. One that waits for a value goes round a
// loop over the same few words, and must not look alive to the watchdog.
bool comes_forward(const LogEntry* begin, const LogEntry* end) {
    constexpr std::size_t few = 64;
    const LogEntry* middle = begin + (end - begin) / 2;
    std::set<std::uint64_t> known;
    for (const LogEntry* entry = begin; entry != middle; ++entry) {
        if (is_access(*entry)) known.insert(entry->address);
        if (known.size() > few) return true;
    }
    return std::any_of(middle, end, [&](const LogEntry& entry) {
        return is_access(entry) && !known.contains(entry.address);
    });
}

}  // namespace

BlockObserver::BlockObserver() {
    find_builtins();
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

// ---- the block's course -------------------------------------------------------------------------

void BlockObserver::begin_block(const void* frame) {
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    lanes_.begin_block(threads);
    logs_.begin_block(threads);
    replay_.begin_block(threads);
    barriers_.begin_block();
    map_.begin_block(frame);
    if (clock_.begin_block(threads)) shared_.clear();
    actor_.begin_block();
}

void BlockObserver::end_block() {
    stop_recording();
    fences().leave_block();
}

void BlockObserver::end_thread() {
    const cpu_device::Uninterrupted observing;
    logs_.close();
    const unsigned thread = cpu_device::linear_thread();
    lanes_.end(thread);
    replay_if_halted(thread / 32);
}

void BlockObserver::wait_at_barrier(const cpu_device::Wait& wait) {
    const cpu_device::Uninterrupted observing;
    const unsigned thread = cpu_device::linear_thread();
    logs_.close();  // what follows is the observer's work
    barriers_.arrive(thread, wait);
    lanes_.wait_at_barrier(thread);
    replay_if_halted(thread / 32);
    logs_.open();
}

void BlockObserver::barrier_is_complete(unsigned exited) {
    const Pause the_observers_work;
    const cpu_device::Uninterrupted observing;
    barriers_.complete(exited);
    lanes_.pass_barrier();
    clock_.pass_barrier();
    fences().pass_barrier(clock_.barrier());
}

void BlockObserver::replay_if_halted(unsigned warp) {
    if (lanes_.running(warp) != 0) return;
    cpu_device::scheduler().note_progress();
    replay(warp, true);
}

void BlockObserver::replay(unsigned warp, bool to_the_end) {
    fences().look_around();
    replay_.run(warp, to_the_end);
}

// When the log is full, all others come as far as they can; then as much of the warp's logs is
// replayed as all lanes have, so that lanes which go together stay together.
void BlockObserver::make_room() {
    const unsigned thread = cpu_device::linear_thread();
    const unsigned warp = thread / 32;
    logs_.save();
    if (logs_.is_full(thread)) {
        if (comes_forward(logs_.begin(thread), logs_.end(thread)))
            cpu_device::scheduler().note_progress();
        cpu_device::yield_thread();
    }
    const cpu_device::Uninterrupted observing;
    for (const bool to_the_end : {false, true}) {
        logs_.save();
        if (!logs_.is_full(thread)) break;
        stop_recording();  // what follows is the observer's work
        replay(warp, to_the_end);
        logs_.open();
    }
    logs_.take_room();
}

// What the warp has written is there for other blocks from now on, though its logs have not been
// replayed yet.
void BlockObserver::pass_fence(Scope scope) {
    const cpu_device::Uninterrupted observing;
    logs_.save();
    const Pause the_observers_work;
    const unsigned caller = cpu_device::linear_thread();
    fences().fence(scope, has_just_taken_lock(caller));
    const unsigned first = caller / 32 * 32;
    const std::lock_guard lock(global_memory().mutex);
    for (unsigned thread = first; thread < first + lanes_.count(first / 32); ++thread) {
        for (const LogEntry* entry = logs_.begin(thread); entry != logs_.end(thread); ++entry) {
            const Kind kind = kind_of(entry->code);
            if (kind != Kind::write && kind != Kind::flag_write && kind != Kind::atomic) continue;
            global_memory().initialise(entry->address, bytes_of(entry->extra));
        }
    }
}

// Whether nothing but branches lies between a thread's last lock and the fence that it has just called.
bool BlockObserver::has_just_taken_lock(unsigned thread) const {
    const LogEntry* entry = logs_.end(thread) - 1;
    while (entry > logs_.begin(thread)) {
        const Kind kind = kind_of((--entry)->code);
        if (kind == Kind::lock) return true;
        if (kind != Kind::block && kind != Kind::call && kind != Kind::leave) return false;
    }
    return false;
}

// ---- traps --------------------------------------------------------------------------------------

// The kernel has ended with an error. What it accessed last, if it did, is in the log.
void BlockObserver::trapped(const void* address, const char* what) {
    const std::string_view text(what);
    const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
    SeenFault fault;
    fault.kind = FaultKind::trap;
    fault.kernel = Observation::instance().kernel();
    fault.thread = place_of(cpu_device::linear_thread());
    fault.detail = what;
    fault.trail = logs_.trail();
    if (const void* place = cpu_device::place_of_signal(); is_in_the_program(place))
        fault.trail.insert(fault.trail.begin(), code_of(place, Kind::call));
    const LogEntry* last = logs_.last_access(reinterpret_cast<std::uint64_t>(address));
    if (says("misaligned address") && last != nullptr) {
        fault.address = last->address;
        name_access(fault, *last);
        fault.kind = FaultKind::misaligned;
    } else if (says("access to address") && last != nullptr) {
        fault.address = reinterpret_cast<std::uint64_t>(address);
        name_access(fault, *last);
    } else if (says("deadlock") && says("__syncthreads") && !waits_for_a_value(text)) {
        fault.kind = FaultKind::divergent_barrier;
        barriers_.name_first_waiter(fault);
    }
    if (fault.place.line == 0) barriers_.name_stuck(fault);
    stop_recording();
    logs_.forget_stop();
    Observation::instance().add(std::move(fault));
}

// The memory at the fault's address is what stopped an access: that of a copy somewhere on its way.
void BlockObserver::name_access(SeenFault& fault, const LogEntry& access) {
    fault.code = access.code;
    fault.bytes = bytes_of(access.extra);
    if (fault.address - access.address < fault.bytes) fault.address = access.address;
    fault.region = map_.region_of(fault.address);
    const Space space = fault.region.space;
    const bool is_shared = space == Space::shared || space == Space::shared_outside;
    fault.kind = space == Space::freed ? FaultKind::use_after_free
                 : is_shared           ? FaultKind::shared_out_of_bounds
                                       : FaultKind::out_of_bounds;
    // The host's memory would not have stopped it.
    if (space == Space::host) fault.region = {};
    meet_variables(cpu_device::linear_thread() / 32);
    faults_.name_memory(fault);
    if (!fault.has_memory && fault.region.space == Space::none) faults_.name_far_memory(fault);
}

// Enters those variables of the program that the warp has used since its logs were replayed.
void BlockObserver::meet_variables(unsigned warp) {
    for (unsigned thread = warp * 32; thread < warp * 32 + lanes_.count(warp); ++thread) {
        for (const LogEntry* entry = logs_.begin(thread); entry != logs_.end(thread); ++entry) {
            if (is_access(*entry)) map_.region_of(entry->address);
        }
    }
}

// ---- what the scheduler and the runtime report (marks.hpp) --------------------------------------

void begin_fault() {
    if (log_cursor.next != nullptr) block_observer().begin_fault();
}
void stuck(unsigned thread, const cpu_device::Wait& wait) {
    if (Observation::instance().running()) block_observer().stuck(thread, wait);
}
void trapped(const void* address, const char* what) {
    if (Observation::instance().running()) block_observer().trapped(address, what);
}

LogEntry* record_in_new_room(std::uint64_t address, std::uint32_t code, std::uint32_t extra) {
    if (log_cursor.next == nullptr) {
        if (is_access({address, code, extra}))
            host_accesses(address, bytes_of(extra), kind_of(code),
                          reinterpret_cast<const void*>(address_of(code)));
        return nullptr;
    }
    block_observer().make_room();
    *log_cursor.next = {address, code, extra};
    return log_cursor.next++;
}

void pass_fence(Scope scope) {
    block_observer().pass_fence(scope);
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

}  // namespace t2t::observer
