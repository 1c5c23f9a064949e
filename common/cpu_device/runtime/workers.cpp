#include "common/cpu_device/runtime/workers.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <new>
#include <thread>
#include <vector>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"
#include "common/cpu_device/runtime/settings.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace t2t::cpu_device {
namespace {

using Clock = std::chrono::steady_clock;

// ---- dynamic shared memory ----------------------------------------------------------------------

/// One operating-system thread's room for it, and the page that faults behind.
class DynamicSharedMemory {
 public:
    DynamicSharedMemory() {
        void* mapping = mmap(nullptr, dynamic_shared_room + dynamic_shared_guard,
                             PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<char*>(mapping);
        mprotect(base_ + dynamic_shared_room, dynamic_shared_guard, PROT_NONE);
    }
    ~DynamicSharedMemory() { munmap(base_, dynamic_shared_room + dynamic_shared_guard); }
    char* last(std::size_t bytes) const {
        return base_ + dynamic_shared_room - dynamic_shared_padded(bytes);
    }

 private:
    char* base_;
};

constinit thread_local char* dynamic_shared_start = nullptr;

// ---- the watchdog -------------------------------------------------------------------------------

/// What the watchdog knows of an operating-system thread that runs blocks.
struct Watched {
    pthread_t thread;
    const volatile unsigned* started;
    const Scheduler* scheduler;
    std::uint64_t seen = 0;
    Clock::time_point since;
};

/// Interrupts kernels in which nothing has come forward for a long time.
class Watchdog {
 public:
    static Watchdog& instance() {
        static Watchdog* const watchdog = new Watchdog;  // lives as long as its detached thread
        return *watchdog;
    }

    std::list<Watched>::iterator add() {
        const std::lock_guard lock(mutex_);
        return watched_.insert(watched_.end(), Watched{pthread_self(), &cursor.started,
                                                       &scheduler(), 0, Clock::now()});
    }
    void remove(std::list<Watched>::iterator entry) {
        const std::lock_guard lock(mutex_);
        watched_.erase(entry);
    }

 private:
    Watchdog() {
        limit_ = hang_limit();
        if (limit_.count() > 0) std::thread([this] { watch(); }).detach();
    }

    void watch() {
        for (;;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(250));
            const std::lock_guard lock(mutex_);
            const auto now = Clock::now();
            for (Watched& one : watched_) {
                // Steps of the scheduler and threads started, in one number that changes when either
                // does: a block starts fewer than `stride` threads.
                constexpr std::uint64_t stride = most_threads + 1;
                const std::uint64_t seen = one.scheduler->progress() * stride + *one.started;
                if (seen != one.seen || !one.scheduler->running()) {
                    one.seen = seen;
                    one.since = now;
                } else if (now - one.since > limit_) {
                    one.since = now;
                    interrupt_kernel(one.thread);
                }
            }
        }
    }

    std::chrono::seconds limit_;
    std::mutex mutex_;
    std::list<Watched> watched_;
};

// ---- running blocks -----------------------------------------------------------------------------

/// The launch that more workers may join; nullptr when there is none.
std::atomic<LaunchRecord*> offered{nullptr};

void prepare_block(const LaunchRecord& launch) {
    if (launch.shared_bytes == 0) return;
    prepare_dynamic_shared_memory(launch.shared_bytes);
    // A GPU leaves in shared memory what was there before. Other orders than forward make that
    // visible as NaN.
    if (cursor.permuted)
        std::fill_n(dynamic_shared_start, launch.shared_bytes, static_cast<char>(0xff));
}

void set_block_index(const LaunchRecord& launch, std::uint64_t block) {
    if (launch.grid.y * launch.grid.z == 1) {
        blockIdx = {static_cast<unsigned>(block), 0, 0};
        return;
    }
    const std::uint64_t row = block / launch.grid.x;
    blockIdx = {static_cast<unsigned>(block % launch.grid.x),
                static_cast<unsigned>(row % launch.grid.y),
                static_cast<unsigned>(row / launch.grid.y)};
}

// Takes blocks until there are none left. Calls `when_long` once when that lasts longer than a few
// microseconds.
template <typename Callback>
void take_blocks(LaunchRecord& launch, Callback&& when_long) {
    constexpr auto short_work = std::chrono::microseconds(5);
    const std::uint64_t blocks = launch.blocks();
    const std::uint64_t chunk = std::clamp<std::uint64_t>(blocks / (worker_count() * 16), 1, 64);
    Scheduler& mine = scheduler();
    blockDim = launch.block;
    gridDim = launch.grid;
    bool told = blocks == 1;
    const auto begin = told ? Clock::time_point{} : Clock::now();
    for (;;) {
        const std::uint64_t first = launch.next_block.fetch_add(chunk, std::memory_order_relaxed);
        if (first >= blocks) return;
        const std::uint64_t last = std::min(first + chunk, blocks);
        for (std::uint64_t i = first; i < last; ++i) {
            if (launch.cancelled.load(std::memory_order_relaxed)) return;
            // Blocks, too, come in an order that CUDA does not promise.
            set_block_index(launch, cursor.permuted ? blocks - 1 - i : i);
            prepare_block(launch);
            observer::begin_block(__builtin_frame_address(0));
            mine.run_block();
            observer::end_block();
            if (!told && Clock::now() - begin > short_work) {
                told = true;
                when_long();
            }
        }
    }
}

/// Operating-system threads that wait for launches to help with.
class Pool {
 public:
    static Pool& instance() {
        static Pool pool;
        return pool;
    }

    void offer(LaunchRecord& launch) {
        offered.store(&launch);
        rounds_.fetch_add(1);
        rounds_.notify_all();
    }
    void withdraw() {
        offered.store(nullptr);
        while (helping_.load() != 0) sched_yield();
    }

 private:
    Pool() {
        for (unsigned i = 1; i < worker_count(); ++i) threads_.emplace_back([this] { help(); });
    }
    ~Pool() {
        stop_.store(true);
        rounds_.fetch_add(1);
        rounds_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    void help() {
        while (!stop_.load()) {
            const unsigned round = rounds_.load();
            helping_.fetch_add(1);
            LaunchRecord* launch = offered.load();
            if (launch != nullptr && launch->next_block.load() < launch->blocks()) {
                const auto entry = Watchdog::instance().add();
                run_guarded(*launch, [](LaunchRecord& work) { take_blocks(work, [] {}); });
                Watchdog::instance().remove(entry);
            }
            helping_.fetch_sub(1);
            wait_for_round_after(round);
        }
    }

    // Waking a sleeping thread costs tens of microseconds, so look around for a moment first.
    void wait_for_round_after(unsigned round) {
        constexpr auto patience = std::chrono::microseconds(40);
        for (const auto begin = Clock::now(); Clock::now() - begin < patience;) {
            if (rounds_.load() != round) return;
        }
        rounds_.wait(round);
    }

    std::atomic<unsigned> rounds_{0};
    std::atomic<unsigned> helping_{0};
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

// ---- cooperative launches -----------------------------------------------------------------------

/// Blocks of a cooperative launch meet here; each has an operating-system thread of its own.
class GridMeeting {
 public:
    explicit GridMeeting(std::uint64_t blocks) : blocks_(blocks) {}

    /// One thread of each block calls this. @returns false when the launch has been cancelled.
    bool meet(LaunchRecord& launch, const Wait& wait) {
        std::unique_lock lock(mutex_);
        wait_ = wait;
        const std::uint64_t round = round_;
        if (++waiting_ == blocks_) {
            waiting_ = 0;
            ++round_;
            changed_.notify_all();
            return true;
        }
        if (stuck()) return report(lock);
        while (round_ == round && !launch.cancelled)
            changed_.wait_for(lock, std::chrono::milliseconds(50));
        return round_ != round;
    }

    /// A block has ended. @returns true when the others wait for it in vain.
    bool leave() {
        const std::lock_guard lock(mutex_);
        ++left_;
        return stuck();
    }

    std::string complaint() const {
        return "deadlock: " + std::to_string(waiting_) + " blocks wait in " + wait_.what + " at " +
               place(wait_.where) + ", and " + std::to_string(left_) + " have ended without it";
    }

 private:
    bool stuck() const { return left_ != 0 && waiting_ != 0 && waiting_ + left_ == blocks_; }
    bool report(std::unique_lock<std::mutex>& lock) {
        const std::string text = complaint();
        lock.unlock();
        fault_of_block(cudaErrorLaunchTimeout, text);
    }

    std::uint64_t blocks_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t waiting_ = 0;
    std::uint64_t left_ = 0;
    std::uint64_t round_ = 0;
    Wait wait_;
};

GridMeeting* meeting =
    nullptr;  // of the cooperative launch that is running; launches run one at a time

void run_cooperative(LaunchRecord& launch) {
    GridMeeting here(launch.blocks());
    meeting = &here;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < launch.blocks(); ++i) {
        threads.emplace_back([&launch] {
            const auto entry = Watchdog::instance().add();
            run_guarded(launch, [](LaunchRecord& work) {
                blockDim = work.block;
                gridDim = work.grid;
                set_block_index(work, work.next_block.fetch_add(1));
                prepare_block(work);
                observer::begin_block(__builtin_frame_address(0));
                scheduler().run_block();
                observer::end_block();
                if (meeting->leave()) fault_of_block(cudaErrorLaunchTimeout, meeting->complaint());
            });
            Watchdog::instance().remove(entry);
        });
    }
    for (std::thread& thread : threads) thread.join();
    meeting = nullptr;
}

}  // namespace

unsigned worker_count() {
    constexpr unsigned most = 16;
    constexpr unsigned any = 1'000'000;  // more than `most` is no mistake
    static const unsigned count = std::min(
        most, std::max(1u, setting("T2T_WORKERS", std::thread::hardware_concurrency(), 1, any)));
    return count;
}

std::chrono::seconds hang_limit() {
    constexpr unsigned most = 1'000'000;
    static const unsigned limit = setting("T2T_TIMEOUT", 30, 0, most);
    return std::chrono::seconds(limit);
}

void prepare_dynamic_shared_memory(std::size_t bytes) {
    thread_local const DynamicSharedMemory memory;
    dynamic_shared_start = memory.last(bytes);
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(dynamic_shared_start, dynamic_shared_padded(bytes));
    ASAN_POISON_MEMORY_REGION(dynamic_shared_start + bytes, dynamic_shared_padded(bytes) - bytes);
#endif
}

void* dynamic_shared_memory() {
    if (dynamic_shared_start == nullptr) prepare_dynamic_shared_memory(0);
    return dynamic_shared_start;
}

void run_blocks(LaunchRecord& launch) {
    if (launch.cooperative) return run_cooperative(launch);
    thread_local const struct Registration {
        std::list<Watched>::iterator entry = Watchdog::instance().add();
        ~Registration() { Watchdog::instance().remove(entry); }
    } registration;
    run_guarded(launch, [](LaunchRecord& work) {
        take_blocks(work, [&work] {
            if (worker_count() > 1) Pool::instance().offer(work);
        });
    });
    if (offered.load() == &launch) Pool::instance().withdraw();
}

bool is_cooperative_launch() {
    return meeting != nullptr;
}

void grid_barrier(const Wait& wait) {
    if (meeting == nullptr) {
        fault(cudaErrorLaunchFailure, std::string(wait.what) + " at " + place(wait.where) +
                                          " needs a launch through cudaLaunchCooperativeKernel");
    }
    block_barrier(wait);
    if (linear_thread() == 0 && !meeting->meet(*scheduler().launch(), wait))
        leave_cancelled_block();
    if (linear_thread() == 0) observer::grid_barrier_passed();
    block_barrier(wait);
}

}  // namespace t2t::cpu_device
