/// @file
/// Barriers and fences of device code.
#pragma once

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/source_location.hpp"
#include "common/cpu_device/runtime/warp.hpp"

inline void __syncthreads(t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::cpu_device::block_barrier({"__syncthreads", where});
}
inline int __syncthreads_count(int predicate,
                               t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return static_cast<int>(
        t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_count", where}).nonzero);
}
inline int __syncthreads_or(int predicate,
                            t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_or", where}).nonzero != 0;
}
inline int __syncthreads_and(int predicate,
                             t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const auto votes = t2t::cpu_device::block_vote(predicate != 0, {"__syncthreads_and", where});
    return votes.nonzero == votes.arrived;
}
inline void __syncwarp(unsigned mask = 0xffffffffu,
                       t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::cpu_device::warp_collective(mask, nullptr, nullptr, {"__syncwarp", where, mask});
}

// A fence orders this thread's writes for others; where one is written, somebody may be waiting for
// them, so it is also a good moment to let others run.
inline void __threadfence_block() {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    t2t::cpu_device::memory_may_change();
}
inline void __threadfence() {
    __threadfence_block();
}
inline void __threadfence_system() {
    __threadfence_block();
}

/// Sleeps by letting the block's other threads run.
inline void __nanosleep(unsigned /*nanoseconds*/) {
    t2t::cpu_device::yield_thread();
}
