#include "common/cpu_device/runtime/scheduler.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <numeric>

#include <sched.h>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/faults.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace t2t::cpu_device {

using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constinit thread_local Scheduler* current_scheduler = nullptr;
constinit thread_local boost::context::detail::fcontext_t* fiber_contexts = nullptr;

Scheduler& make_scheduler() {
    thread_local const std::unique_ptr<Scheduler> mine = std::make_unique<Scheduler>();
    current_scheduler = mine.get();
    return *mine;
}

void ThreadSet::move_to(ThreadSet& other) {
    for (unsigned left = warps; left != 0; left &= left - 1) {
        const unsigned warp = std::countr_zero(left);
        other.insert(warp, lanes[warp]);
        lanes[warp] = 0;
    }
    warps = 0;
}

Scheduler::Scheduler() : stacks_(most_threads + 1) {
    fiber_contexts = contexts_.data();
}

void Scheduler::begin_launch(LaunchRecord& launch) {
    launch_ = &launch;
    running_ = true;
    order_ = schedule().order;
    cursor.permuted = order_ != Order::forward;
}

// ---- starting and finishing threads -------------------------------------------------------------

void Scheduler::run_block() {
    cursor.started = 0;
    cursor.count = launch_->threads();
    cursor.flat = cursor.count == blockDim.x;
    cursor.tracked = false;
    ++blocks_run_;
    progress_ = progress_ + 1;
    if (order_ == Order::random) {
        const std::uint64_t block =
            blockIdx.x +
            std::uint64_t{gridDim.x} * (blockIdx.y + std::uint64_t{gridDim.y} * blockIdx.z);
        random_state_ = schedule().seed * 0x9E3779B97F4A7C15u + block + 1;
        permutation_.resize(cursor.count);
        std::iota(permutation_.begin(), permutation_.end(), 0);
        for (unsigned i = cursor.count; i > 1; --i) {
            std::swap(permutation_[i - 1], permutation_[random() % i]);
        }
    }
    launch_->runner(launch_->body);
    if (!cursor.tracked) return;
    while (finished_ < cursor.count) depart(next());
}

// The thread that is started as number `turn`.
unsigned Scheduler::scheduled_thread(unsigned turn) const {
    if (order_ == Order::forward) return turn;
    if (order_ == Order::reverse) return cursor.count - 1 - turn;
    return permutation_[turn];
}

bool Scheduler::start_next_thread() {
    if (cursor.started == cursor.count) return false;
    const unsigned thread = scheduled_thread(cursor.started++);
    threadIdx.x = thread % blockDim.x;
    threadIdx.y = thread / blockDim.x % blockDim.y;
    threadIdx.z = thread / blockDim.x / blockDim.y;
    return true;
}

// Called before the first thread of a block waits: until then nobody keeps books.
void Scheduler::begin_tracking() {
    cursor.tracked = true;
    const unsigned warp_count = (cursor.count + warp_size - 1) / warp_size;
    for (unsigned i = 0; i < warp_count; ++i) {
        warps_[i].gone = 0;
        warps_[i].pending_count = 0;
    }
    if (cursor.count % warp_size != 0)
        warps_[warp_count - 1].gone = ~0u << cursor.count % warp_size;
    barrier_arrived_ = barrier_nonzero_ = 0;

    // All threads started before the current one have run to their end.
    finished_ = cursor.started - 1;
    for (unsigned i = 0; i < finished_; ++i) {
        const unsigned thread = scheduled_thread(i);
        warps_[thread / warp_size].gone |= 1u << thread % warp_size;
    }
}

void Scheduler::finish_tracked_thread() {
    const unsigned thread = linear_thread();
    const unsigned warp_number = thread / warp_size;
    Warp& warp = warps_[warp_number];
    warp.gone |= 1u << thread % warp_size;
    ++finished_;
    progress_ = progress_ + 1;
    // A lane that leaves may be the last that others waited for.
    for (unsigned i = 0; i < warp.pending_count;) {
        if (!complete(warp, warp_number, i)) ++i;
    }
    release_barrier_if_complete();
}

// ---- waiting and resuming -----------------------------------------------------------------------

// The current thread waits until somebody has put it into ready_ and its turn has come.
Departure Scheduler::wait_here(unsigned thread, const Wait& wait) {
    threads_[thread] = {fiber_, &wait};
    return next();
}

// Who gets the processor: a ready thread, an unstarted one, or the end of the block.
Departure Scheduler::next() {
    if (ready_.empty() || order_ == Order::random) return next_if_none_is_ready();
    return leave_for(threads_[take_ready()].fiber);
}

Departure Scheduler::next_if_none_is_ready() {
    for (;;) {
        const bool unstarted = cursor.started < cursor.count;
        const bool prefer_new = order_ == Order::random && unstarted && random() % 2 == 0;
        if (!ready_.empty() && !prefer_new) return leave_for(threads_[take_ready()].fiber);
        if (unstarted) return leave_for(idle_fiber());
        if (finished_ == cursor.count) return leave_for(0);
        if (release_active_masks()) continue;
        if (yielded_.empty()) report_deadlock();
        // Everybody who can run waits for memory to change: another block may be about to do that.
        if (launch_->cancelled.load(std::memory_order_relaxed)) leave_cancelled_block();
        yielded_.move_to(ready_);
        sched_yield();
    }
}

unsigned Scheduler::take_ready() {
    if (order_ == Order::random) return take_any_ready();
    const bool forward = order_ == Order::forward;
    const unsigned warp =
        forward ? std::countr_zero(ready_.warps) : 31 - std::countl_zero(ready_.warps);
    const unsigned lanes = ready_.lanes[warp];
    const unsigned lane = forward ? std::countr_zero(lanes) : 31 - std::countl_zero(lanes);
    ready_.erase(warp, 1u << lane);
    return warp * warp_size + lane;
}

unsigned Scheduler::take_any_ready() {
    const unsigned turn = random() % 32;
    const unsigned warp = (std::countr_zero(std::rotr(ready_.warps, turn)) + turn) % 32;
    const unsigned lane = (std::countr_zero(std::rotr(ready_.lanes[warp], turn)) + turn) % 32;
    ready_.erase(warp, 1u << lane);
    return warp * warp_size + lane;
}

// SplitMix64.
std::uint32_t Scheduler::random() {
    std::uint64_t z = random_state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

// ---- fibers -------------------------------------------------------------------------------------

unsigned Scheduler::idle_fiber() {
    if (!idle_.empty()) {
        const unsigned fiber = idle_.back();
        idle_.pop_back();
        return fiber;
    }
    const unsigned fiber = made_++;
    contexts_[fiber] =
        make_fcontext(stacks_.top(fiber), stacks_.size(fiber), &Scheduler::fiber_main);
    return fiber;
}

void Scheduler::fiber_main(transfer_t from) {
    fiber_contexts[reinterpret_cast<std::uintptr_t>(from.data)] = from.fctx;
    for (;;) {
        // Read anew each time: a fiber outlives the launch it was made for.
        Scheduler& self = scheduler();
        self.launch_->runner(self.launch_->body);
        self.idle_.push_back(self.fiber_);
        depart(self.next());
    }
}

Departure Scheduler::leave_for(unsigned fiber) {
    if (fiber == fiber_) return {};
    const Departure departure{contexts_[fiber], fiber_};
    fiber_ = fiber;
    return departure;
}

void Scheduler::abandon_block() {
#if defined( \
    __SANITIZE_ADDRESS__)  // the frames on these stacks are gone, and with them what it guarded
    for (unsigned fiber = 1; fiber < made_; ++fiber) {
        ASAN_UNPOISON_MEMORY_REGION(stacks_.bottom(fiber), stacks_.size(fiber));
    }
#endif
    fiber_ = 0;
    made_ = 1;
    idle_.clear();
    ready_ = yielded_ = at_barrier_ = at_active_mask_ = ThreadSet{};
}

// ---- barriers -----------------------------------------------------------------------------------

Departure Scheduler::arrive_at_barrier(bool predicate, const Wait& wait) {
    track_threads();
    observer::wait_at_barrier(wait);
    const unsigned thread = linear_thread();
    at_barrier_.insert(thread / warp_size, 1u << thread % warp_size);
    ++barrier_arrived_;
    progress_ = progress_ + 1;
    barrier_nonzero_ += predicate;
    release_barrier_if_complete();
    return wait_here(thread, wait);
}

// Threads that have exited no longer count, as on a GPU.
void Scheduler::release_barrier_if_complete() {
    if (barrier_arrived_ != 0 && barrier_arrived_ + finished_ == cursor.count) release_barrier();
}

void Scheduler::release_barrier() {
    votes_ = {barrier_arrived_, barrier_nonzero_};
    observer::barrier_is_complete(finished_);
    barrier_arrived_ = barrier_nonzero_ = 0;
    at_barrier_.move_to(ready_);
}

// ---- warps --------------------------------------------------------------------------------------

namespace {

[[noreturn, gnu::noinline]] void refuse_mask(unsigned lane, const Wait& wait) {
    observer::begin_fault();
    fault(cudaErrorLaunchFailure, std::string(wait.what) + " at " + place(wait.where) +
                                      " has the mask " + hex(wait.mask) +
                                      ", which leaves out lane " + std::to_string(lane) +
                                      " that calls it; name every calling lane in the mask");
}

[[noreturn, gnu::noinline]] void refuse_mixture(unsigned lane, const Wait& theirs,
                                                const Wait& wait) {
    observer::begin_fault();
    fault(cudaErrorLaunchFailure, std::string(wait.what) + " at " + place(wait.where) + " meets " +
                                      theirs.what + " at " + place(theirs.where) +
                                      ", called by lane " + std::to_string(lane) +
                                      "; all lanes of a mask must call the same warp operation");
}

}  // namespace

Departure Scheduler::arrive_at_collective(unsigned mask, Collective compute, void* payload,
                                          const Wait& wait) {
    track_threads();
    const unsigned thread = linear_thread();
    const unsigned warp_number = thread / warp_size;
    const unsigned lane = thread % warp_size;
    Warp& warp = warps_[warp_number];
    if ((mask >> lane & 1) == 0) refuse_mask(lane, wait);
    unsigned index = 0;
    while (index < warp.pending_count && warp.pending[index].mask != mask) ++index;
    if (index == warp.pending_count) warp.pending[warp.pending_count++] = {mask, 0, compute};
    Pending& pending = warp.pending[index];
    if (pending.compute != compute) {
        const unsigned other = std::countr_zero(pending.arrived);
        refuse_mixture(other, *threads_[warp_number * warp_size + other].wait, wait);
    }
    pending.arrived |= 1u << lane;
    progress_ = progress_ + 1;
    warp.payloads[lane] = payload;
    if (complete(warp, warp_number, index) && ready_.lanes[warp_number] == 1u << lane) {
        ready_.erase(warp_number, 1u << lane);  // alone in the mask: nothing to wait for
        return {};
    }
    return wait_here(thread, wait);
}

// Computes pending operation `index` and wakes its lanes when all of them are here.
bool Scheduler::complete(Warp& warp, unsigned warp_number, unsigned index) {
    const Pending& pending = warp.pending[index];
    const unsigned arrived = pending.arrived;
    if (((arrived | warp.gone) & pending.mask) != pending.mask) return false;
    if (pending.compute != nullptr) {
        const observer::Pause the_devices_work;
        pending.compute(arrived, warp.payloads.data());
    }
    warp.pending[index] = warp.pending[--warp.pending_count];
    ready_.insert(warp_number, arrived);
    return true;
}

unsigned Scheduler::active_mask(const Wait& wait) {
    track_threads();
    const unsigned thread = linear_thread();
    unsigned together = 0;
    warps_[thread / warp_size].payloads[thread % warp_size] = &together;
    at_active_mask_.insert(thread / warp_size, 1u << thread % warp_size);
    depart(wait_here(thread, wait));
    return together;
}

// Nothing else can run: lanes of a warp that asked at the same place have converged.
bool Scheduler::release_active_masks() {
    if (at_active_mask_.empty()) return false;
    for (unsigned left = at_active_mask_.warps; left != 0; left &= left - 1) {
        const unsigned warp = std::countr_zero(left);
        const Thread* threads = &threads_[warp * warp_size];
        const unsigned lanes = at_active_mask_.lanes[warp];
        for (unsigned rest = lanes; rest != 0;) {
            const SourceLocation& place = threads[std::countr_zero(rest)].wait->where;
            unsigned together = 0;
            for (unsigned i = rest; i != 0; i &= i - 1) {
                const unsigned lane = std::countr_zero(i);
                const SourceLocation& other = threads[lane].wait->where;
                if (other.line == place.line && other.file == place.file) together |= 1u << lane;
            }
            for (unsigned i = together; i != 0; i &= i - 1) {
                *static_cast<unsigned*>(warps_[warp].payloads[std::countr_zero(i)]) = together;
            }
            rest &= ~together;
        }
    }
    at_active_mask_.move_to(ready_);
    return true;
}

// Counts as no progress: a loop that waits in vain must not look alive to the watchdog.
void Scheduler::yield() {
    track_threads();
    const unsigned thread = linear_thread();
    yielded_.insert(thread / warp_size, 1u << thread % warp_size);
    static constexpr Wait wait{"a loop that waits for memory to change", {}, 0};
    depart(wait_here(thread, wait));
}

// ---- deadlock -----------------------------------------------------------------------------------

void Scheduler::report_deadlock() {
    const auto is_gone = [this](unsigned thread) {
        return (warps_[thread / warp_size].gone >> thread % warp_size & 1) != 0;
    };
    unsigned thread = 0;
    while (is_gone(thread)) ++thread;
    // A warp operation says more than the barrier at which the lanes that it misses wait.
    for (unsigned other = thread; other < cursor.count; ++other) {
        if (is_gone(other) || threads_[other].wait->mask == 0) continue;
        thread = other;
        break;
    }
    observer::stuck(thread, *threads_[thread].wait);
    observer::begin_fault();
    fault_of_block(cudaErrorLaunchTimeout, "deadlock: " + describe_waits());
}

std::string Scheduler::describe_waits() const {
    // Neighbouring threads that wait for the same thing at the same place share an entry.
    std::string text;
    const auto same = [](const Wait& a, const Wait& b) {
        return a.what == b.what && a.where.line == b.where.line && a.where.file == b.where.file &&
               a.mask == b.mask;
    };
    const auto gone = [this](unsigned thread) {
        return (warps_[thread / warp_size].gone >> thread % warp_size & 1) != 0;
    };
    unsigned exited = 0;
    for (unsigned first = 0; first < cursor.count;) {
        if (gone(first)) {
            ++exited;
            ++first;
            continue;
        }
        unsigned last = first;
        while (last + 1 < cursor.count && !gone(last + 1) &&
               same(*threads_[last + 1].wait, *threads_[first].wait)) {
            ++last;
        }
        const Wait& wait = *threads_[first].wait;
        if (!text.empty()) text += "; ";
        text += first == last
                    ? "thread " + std::to_string(first) + " waits"
                    : "threads " + std::to_string(first) + " to " + std::to_string(last) + " wait";
        text += " in " + std::string(wait.what);
        if (wait.mask != 0) text += " with mask " + hex(wait.mask);
        text += " at " + place(wait.where);
        first = last + 1;
    }
    if (exited != 0) text += "; " + std::to_string(exited) + " threads have exited";
    return text;
}

// ---- what kernels call (block.hpp) ----------------------------------------------------------------

// Flattened: a block of 256 threads waits 256 times on 256 stacks, and every further frame would touch
// another cache line on each of them.
#define T2T_FLATTEN __attribute__((flatten))

T2T_FLATTEN Departure arrive_at_barrier(bool predicate, const Wait& wait) {
    return scheduler().arrive_at_barrier(predicate, wait);
}

T2T_FLATTEN Departure arrive_at_collective(unsigned mask, Collective compute, void* payload,
                                           const Wait& wait) {
    return scheduler().arrive_at_collective(mask, compute, payload, wait);
}

bool start_next_thread() {
    return scheduler().start_next_thread();
}

void finish_tracked_thread() {
    scheduler().finish_tracked_thread();
}

BarrierVotes barrier_votes() {
    return scheduler().votes();
}

unsigned active_mask(const Wait& wait) {
    return scheduler().active_mask(wait);
}

void refuse_absent_source(unsigned source, const Wait& wait) {
    const bool named = (wait.mask >> source & 1) != 0;
    fault(cudaErrorLaunchFailure,
          std::string(wait.what) + " at " + place(wait.where) + " asks for the value of lane " +
              std::to_string(source) + ", which " +
              (named ? "has exited or never was" : "the mask " + hex(wait.mask) + " leaves out") +
              "; what a GPU gives is undefined, so ask only for lanes that take part");
}

void yield_thread() {
    scheduler().yield();
}

}  // namespace t2t::cpu_device
