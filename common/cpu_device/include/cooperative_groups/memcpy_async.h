/// @file
/// Copies by a whole group that go on while its threads do something else.
#pragma once

#include <cstdint>

#include "../cooperative_groups.h"

#include "common/cpu_device/runtime/async_copy.hpp"

namespace cooperative_groups {

/// The threads of `group` begin to copy `bytes` bytes. As cp.async, nothing is copied before the
/// wait; what is no multiple of 4 bytes, or lies at no such address, is copied at once.
template <typename Group>
void memcpy_async(const Group& group, void* to, const void* from, std::size_t bytes) {
    const std::uintptr_t alignment =
        reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from) | bytes;
    const std::size_t piece = alignment % 16 == 0  ? 16
                              : alignment % 8 == 0 ? 8
                              : alignment % 4 == 0 ? 4
                                                   : 1;
    auto* const target = static_cast<char*>(to);
    const auto* const source = static_cast<const char*>(from);
    for (std::size_t at = piece * group.thread_rank(); at < bytes;
         at += piece * group.num_threads()) {
        if (piece == 1) {
            target[at] = source[at];
        } else {
            t2t::cpu_device::begin_async_copy(target + at, source + at, static_cast<int>(piece),
                                              static_cast<int>(piece));
        }
    }
    t2t::cpu_device::commit_async_copies();
}

/// As many elements as both sides have room for.
template <typename Group, typename T, typename ToLayout, typename FromLayout>
void memcpy_async(const Group& group, T* to, const ToLayout& to_count, const T* from,
                  const FromLayout& from_count) {
    const auto room = static_cast<std::size_t>(to_count);
    const auto there = static_cast<std::size_t>(from_count);
    memcpy_async(group, static_cast<void*>(to), static_cast<const void*>(from),
                 sizeof(T) * (room < there ? room : there));
}

/// Waits for all copies of the group but those of the latest `Left` calls.
template <unsigned Left, typename Group>
void wait_prior(const Group& group, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    t2t::cpu_device::wait_for_async_copies(Left);
    group.sync(where);
}
/// Waits for all copies of the group.
template <typename Group>
void wait(const Group& group, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    wait_prior<0>(group, where);
}

}  // namespace cooperative_groups
