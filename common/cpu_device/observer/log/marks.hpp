/// @file
/// What the runtime and the headers that kernels see tell the observer. In a build that is no check
/// build each of these is an empty inline function.
///
/// The compiler's hooks (hooks.cpp) report plain loads and stores. What has a meaning beyond that –
/// barriers, warp operations, atomics, copies to and from the device – is reported here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/cpu_device/runtime/source_location.hpp"

#if defined(T2T_OBSERVE)
/// Functions that stand for an instruction of the GPU must become part of the kernel, so that what
/// they report has the kernel's line.
#define T2T_DEVICE_INLINE inline __attribute__((always_inline))
/// Functions that compute what a GPU does in one instruction: their own arithmetic does not count.
#define T2T_EMULATION __attribute__((noinline, no_sanitize("thread"), no_sanitize_coverage))
#else
#define T2T_DEVICE_INLINE inline
#define T2T_EMULATION
#endif

namespace t2t::cpu_device {
struct LaunchRecord;
struct Wait;
}  // namespace t2t::cpu_device

namespace t2t::observer {

/// What an entry of a thread's log is about.
enum class Kind : std::uint32_t {
    block,  ///< a basic block begins
    read,
    write,
    flag_read,  ///< of volatile memory
    flag_write,
    atomic,
    async_read,   ///< the global side of cp.async
    async_write,  ///< its shared side, when the copy is waited for
    call,         ///< a function of its own begins
    leave,        ///< and ends
    warp_sync,    ///< __syncwarp: orders memory
    warp_operation,
    barrier,
    fence,   ///< extra is its Scope
    lock,    ///< an atomicCAS has changed the word at `address`: perhaps a lock is taken
    tensor,  ///< mma: extra is the operations of the warp
    narrow,  ///< arithmetic on fp16 or bf16: extra is a NarrowOperation
};

/// Among which threads a fence orders, or an atomic is atomic. The host is one device more, and what
/// it does during a launch is not looked at.
enum class Scope : std::uint32_t { none, block, device };

/// What an atomic says beside its kind, above the bytes in LogEntry::extra: its scope, and whether
/// perhaps nobody looks at the old value. So does a volatile write; one that raises a flag counts as an
/// atomic of its fence's scope.
inline constexpr unsigned scope_begin = 5;
inline constexpr std::uint32_t only_writes = 1u << 7;
constexpr std::uint32_t with_scope(Scope scope) {
    return static_cast<std::uint32_t>(scope) << scope_begin;
}
constexpr Scope scope_of(std::uint32_t extra) {
    return static_cast<Scope>(extra >> scope_begin & 3);
}

/// Operations on two-byte floating-point numbers, counted where they are emulated.
enum class NarrowOperation : std::uint32_t {
    fp16_add,
    fp16_mul,
    fp16_fma,
    fp16_special,
    bf16_add,
    bf16_mul,
    bf16_fma,
    bf16_special
};

#if defined(T2T_OBSERVE)

/// @name Reported by kernels. The caller's line is what counts.
///@{
void mark(Kind kind, std::uint32_t extra = 0) noexcept;
/// @param traits of an atomic: with_scope(), only_writes
void access(Kind kind, const volatile void* address, std::size_t bytes,
            std::uint32_t traits = 0) noexcept;
/// An atomicCAS has just put another value into the word.
void takes_lock(const volatile void* address) noexcept;
/// On behalf of the code at `caller`.
void mark_at(const void* caller, Kind kind, std::uint32_t extra) noexcept;
void access_at(const void* caller, Kind kind, const volatile void* address,
               std::size_t bytes) noexcept;
/// memcpy and memmove, and memset, are about to run.
void copies_bytes(void* to, const void* from, std::size_t bytes) noexcept;
void sets_bytes(void* to, std::size_t bytes) noexcept;
///@}

/// One operation on two-byte numbers, for the code that called the function that is running.
__attribute__((always_inline)) inline void count_narrow(NarrowOperation operation) {
    mark_at(__builtin_return_address(0), Kind::narrow, static_cast<std::uint32_t>(operation));
}

/// @name Reported by the scheduler
///@{
/// @param frame the stack frames of kernels on the calling thread's own stack lie below this
void begin_block(const void* frame);
void end_block();
void begin_thread();
void end_thread();
/// The current thread leaves the processor. @returns whether it is to be resumed
bool leave_thread();
void resume_thread();
/// The current thread waits for its block.
void wait_at_barrier(const cpu_device::Wait& wait);
/// All threads that have not exited stand at the barrier. @param exited how many have
void barrier_is_complete(unsigned exited);
void grid_barrier_passed();
/// While one of these lives, what the calling thread does is the device's work, not the kernel's. Without it
/// hooks may be called even from the observer's own functions: where it and a kernel use the same template of
/// the standard library, the linker keeps one of the two.
class Pause {
 public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

 private:
    void* next_;
    void* end_;
};
///@}

/// @name Reported by the runtime
///@{
void begin_launch(const cpu_device::LaunchRecord& launch);
void end_launch(const cpu_device::LaunchRecord& launch);
/// The current thread is about to trap: what it does from now on is the device's.
void begin_fault();
/// The block is stuck: thread `thread` waits for good. Comes before begin_fault().
void stuck(unsigned thread, const cpu_device::Wait& wait);
/// The current thread has trapped. @param address what it accessed, or nullptr
void trapped(const void* address, const char* what);
/// @param host_may_touch it: pinned and managed memory
void allocated(const void* start, std::size_t bytes, bool host_may_touch);
void freed(const void* start);
/// The host, or a copy, has written device memory.
void initialised(const void* start, std::size_t bytes);
void copied(const void* to, const void* from, std::size_t bytes);
///@}

/// @name Reported by the runtime: which operations of which streams come before which. Streams and
/// events go by their addresses, the default stream by null.
///@{
/// While one of these lives, the calling thread does an operation of a stream.
class StreamWork {
 public:
    /// @param what "a copy", for a report; a literal
    StreamWork(const void* stream, const char* what);
    ~StreamWork();
    StreamWork(const StreamWork&) = delete;
    StreamWork& operator=(const StreamWork&) = delete;
};
/// @param takes_turns with the default stream
void stream_created(const void* stream, bool takes_turns);
void stream_destroyed(const void* stream);
void event_recorded(const void* event, const void* stream);
void event_destroyed(const void* event);
void stream_waits(const void* stream, const void* event);
void host_waits_for_stream(const void* stream);
void host_waits_for_event(const void* event);
void host_waits_for_all();
///@}

#else

inline void mark(Kind, std::uint32_t = 0) {}
inline void access(Kind, const volatile void*, std::size_t, std::uint32_t = 0) {}
inline void takes_lock(const volatile void*) {}
inline void mark_at(const void*, Kind, std::uint32_t) {}
inline void access_at(const void*, Kind, const volatile void*, std::size_t) {}
inline void count_narrow(NarrowOperation) {}
inline void begin_block(const void*) {}
inline void end_block() {}
inline void begin_thread() {}
inline void end_thread() {}
inline bool leave_thread() {
    return false;
}
inline void resume_thread() {}
inline void wait_at_barrier(const cpu_device::Wait&) {}
inline void barrier_is_complete(unsigned) {}
inline void grid_barrier_passed() {}
class Pause {
 public:
    Pause() {}  // written out, so that g++'s -Wunused-variable does not warn where one is declared
};
inline void begin_launch(const cpu_device::LaunchRecord&) {}
inline void end_launch(const cpu_device::LaunchRecord&) {}
inline void begin_fault() {}
inline void stuck(unsigned, const cpu_device::Wait&) {}
inline void trapped(const void*, const char*) {}
inline void allocated(const void*, std::size_t, bool) {}
inline void freed(const void*) {}
inline void initialised(const void*, std::size_t) {}
inline void copied(const void*, const void*, std::size_t) {}
class StreamWork {
 public:
    StreamWork(const void*, const char*) {}
};
inline void stream_created(const void*, bool) {}
inline void stream_destroyed(const void*) {}
inline void event_recorded(const void*, const void*) {}
inline void event_destroyed(const void*) {}
inline void stream_waits(const void*, const void*) {}
inline void host_waits_for_stream(const void*) {}
inline void host_waits_for_event(const void*) {}
inline void host_waits_for_all() {}

#endif

}  // namespace t2t::observer
