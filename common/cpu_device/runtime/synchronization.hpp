/// @file
/// Barriers and fences of device code.
#pragma once

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/source_location.hpp"
#include "common/cpu_device/runtime/warp.hpp"

T2T_DEVICE_INLINE void __syncthreads(t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::observer::mark(t2t::observer::Kind::barrier);
    t2t::cpu_device::block_barrier({"__syncthreads", where});
}
T2T_DEVICE_INLINE int __syncthreads_count(
    int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::observer::mark(t2t::observer::Kind::barrier);
    return static_cast<int>(
        t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_count", where}).nonzero);
}
T2T_DEVICE_INLINE int __syncthreads_or(int predicate,
                                       t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::observer::mark(t2t::observer::Kind::barrier);
    return t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_or", where}).nonzero != 0;
}
T2T_DEVICE_INLINE int __syncthreads_and(
    int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::observer::mark(t2t::observer::Kind::barrier);
    const auto votes = t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_and", where});
    return votes.nonzero == votes.arrived;
}
T2T_DEVICE_INLINE void __syncwarp(unsigned mask = 0xffffffffu,
                                  t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::cpu_device::warp_collective(mask, nullptr, nullptr, {"__syncwarp", where, mask});
}

namespace t2t::cpu_device {

/// Orders this thread's writes for others. All threads share one memory here, so that a check alone
/// makes a difference between scopes.
T2T_DEVICE_INLINE void fence(observer::Scope scope) {
    observer::mark(observer::Kind::fence, static_cast<std::uint32_t>(scope));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    memory_may_change();
}

}  // namespace t2t::cpu_device

T2T_DEVICE_INLINE void __threadfence_block() {
    t2t::cpu_device::fence(t2t::observer::Scope::block);
}
T2T_DEVICE_INLINE void __threadfence() {
    t2t::cpu_device::fence(t2t::observer::Scope::device);
}
T2T_DEVICE_INLINE void __threadfence_system() {
    t2t::cpu_device::fence(t2t::observer::Scope::device);
}

/// Sleeps by letting the block's other threads run.
T2T_DEVICE_INLINE void __nanosleep(unsigned /*nanoseconds*/) {
    t2t::cpu_device::yield_thread();
}
