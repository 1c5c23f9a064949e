/// @file
/// One block on one operating-system thread: where its CUDA threads stand, and how they wait for
/// each other.
///
/// Threads run one after the other on the same stack as long as none of them waits. The first that
/// does turns the block into fibers: it keeps the stack it stands on, and another fiber takes the
/// next thread. So a kernel without barriers pays for a loop, and a kernel with barriers pays for
/// what it uses.
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/context/detail/fcontext.hpp>

#include "common/cpu_device/include/vector_types.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/cxx17.hpp"
#include "common/cpu_device/runtime/source_location.hpp"

// CUDA's built-in variables. A block never leaves its operating-system thread, so they are that
// thread's.
T2T_CONSTINIT extern thread_local uint3 threadIdx;
T2T_CONSTINIT extern thread_local uint3 blockIdx;
T2T_CONSTINIT extern thread_local dim3 blockDim;
T2T_CONSTINIT extern thread_local dim3 gridDim;
inline constexpr int warpSize = 32;

namespace t2t::cpu_device {

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned most_threads = 1024;  ///< threads in a block
inline constexpr unsigned most_warps = most_threads / warp_size;

/// Which threads of the block have been started. Kept apart from the rest because every thread
/// touches it.
struct Cursor {
    unsigned started = 0;   ///< threads handed out so far
    unsigned count = 0;     ///< threads in the block
    bool permuted = false;  ///< the schedule is not forward
    bool flat = false;      ///< the block has one row of threads
    bool tracked = false;   ///< a thread waits, or is about to: the scheduler counts exits
};
T2T_CONSTINIT extern thread_local Cursor cursor;

/// Makes the next unstarted thread of the schedule the current one. @returns false when all have
/// been started
bool start_next_thread();
/// Tells the scheduler that the current thread has returned from the kernel.
void finish_tracked_thread();

/// Runs threads of the current block until none is left to start. Several fibers may stand in this
/// loop at once, each with a thread that waits.
/// @tparam Body a callable that runs the kernel for the current thread; it is inlined here
template <typename Body>
void run_unstarted_threads(const void* body) {
    // As long as nobody has waited, this loop is alone and counts in registers.
    bool alone = !cursor.permuted && !cursor.tracked;
    uint3 next{0, 0, 0};
    for (unsigned started = 0;;) {
        if (alone) {
            if (started == cursor.count) return;
            cursor.started = ++started;
            threadIdx.x = next.x;
            threadIdx.y = next.y;
            threadIdx.z = next.z;
            if (++next.x == blockDim.x) {
                next.x = 0;
                if (++next.y == blockDim.y) {
                    next.y = 0;
                    ++next.z;
                }
            }
        } else if (!start_next_thread()) {
            return;
        }
        observer::begin_thread();
        (*static_cast<const Body*>(body))();
        observer::end_thread();
        if (cursor.tracked) {
            alone = false;
            finish_tracked_thread();
        }
    }
}

/// Position of the current thread in its block, x fastest.
inline unsigned linear_thread() {
    if (cursor.flat)
        return threadIdx.x;  // spares two multiplications, which every barrier waits for
    return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
}
/// Position of the current thread in its warp.
inline unsigned lane_index() {
    return linear_thread() % warp_size;
}

/// What a waiting thread waits for: the text of deadlock reports.
struct Wait {
    const char* what = "";  ///< the CUDA function, for example "__syncthreads"
    SourceLocation where;   ///< where the kernel called it
    unsigned mask = 0;      ///< lanes a warp operation waits for; 0 when it is not one
};

/// What a block-wide barrier computed from the threads' predicates.
struct BarrierVotes {
    unsigned arrived = 0;  ///< threads that took part
    unsigned nonzero = 0;  ///< of those, how many brought a predicate other than 0
};

/// Where the processor goes when a thread has to wait: to another fiber, or nowhere when it need
/// not.
struct Departure {
    boost::context::detail::fcontext_t to = nullptr;
    std::uintptr_t from = 0;  ///< number of the fiber that is left
};

/// Where each fiber of this operating-system thread stands while it does not run.
T2T_CONSTINIT extern thread_local boost::context::detail::fcontext_t* fiber_contexts;

/// The current thread has arrived at a barrier of its block.
/// @param wait must live until the thread goes on
Departure arrive_at_barrier(bool predicate, const Wait& wait);
/// What the barrier that was passed last has counted.
BarrierVotes barrier_votes();

/// Computes a warp operation for all lanes at once; runs when the last lane arrives.
/// @param arrived  the lanes that take part
/// @param payloads for each lane in `arrived`, what it brought; results are written back into it
using Collective = void (*)(unsigned arrived, void* const* payloads);

/// The current lane has arrived at a warp operation; see warp_collective.
Departure arrive_at_collective(unsigned mask, Collective compute, void* payload, const Wait& wait);

/// Ends the launch: the current lane wants the value of lane `source`, which does not take part.
[[noreturn]] void refuse_absent_source(unsigned source, const Wait& wait);

/// The lanes that stand at the same place: waits until nothing else in the block can run, then
/// returns those that called from `wait.where`. That is the convergence a GPU would reach at the
/// latest.
unsigned active_mask(const Wait& wait);

/// Lets other threads of the block go first. For loops that wait for memory to change.
void yield_thread();

/// Calls since the last that yielded; see memory_may_change().
T2T_CONSTINIT extern thread_local unsigned calls_since_yield;

#if defined(T2T_OBSERVE)
// In a check build they stand in block.cpp: what the device does to wait is not the kernel's, so the
// compiler's hooks must not see it.
void depart(Departure departure);
void block_barrier(const Wait& wait);
BarrierVotes block_vote(bool predicate, const Wait& wait);
void wait_for_lanes(unsigned mask, Collective compute, void* payload, const Wait& wait);
void memory_may_change();
#else
}  // namespace t2t::cpu_device
#define T2T_WAITING __attribute__((always_inline)) inline
#include "common/cpu_device/runtime/waiting.inc"
namespace t2t::cpu_device {
#endif

/// Waits until every lane of `mask` that has not exited has called this with the same mask, then
/// `compute` runs once for all of them. Every warp operation of the CPU device is built on this
/// one.
__attribute__((always_inline)) inline void warp_collective(unsigned mask, Collective compute,
                                                           void* payload, const Wait& wait) {
    observer::mark(compute == nullptr ? observer::Kind::warp_sync : observer::Kind::warp_operation,
                   mask);
    wait_for_lanes(mask, compute, payload, wait);
}

/// Dynamic shared memory of the current block.
void* dynamic_shared_memory();
/// The array that `extern __shared__ T name[]` declares.
template <typename T>
T* dynamic_shared() {
    return static_cast<T*>(dynamic_shared_memory());
}

/// What `extern __shared__ T name[]` declares outside of a kernel: it stands for the array of the
/// block that runs.
template <typename T>
struct DynamicSharedArray {
    operator T*() const { return dynamic_shared<T>(); }
    template <typename Other>
    explicit operator Other*() const {
        return reinterpret_cast<Other*>(dynamic_shared<T>());
    }
    T& operator[](std::size_t i) const { return dynamic_shared<T>()[i]; }
};

}  // namespace t2t::cpu_device

/// What the launch translator says of a function whose arrays in static shared memory do not fit a block of a GPU.
#define T2T_TOO_MUCH_STATIC_SHARED                                        \
    " declares more static shared memory than the 49,152 bytes (48 KiB) " \
    "of a block; make its arrays smaller, or use dynamic shared memory"
