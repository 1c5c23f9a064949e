/// @file
/// What both kinds of shadow memory, the block's and the grid's, make of a warp's request.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// The bytes of its words that a lane accesses, as cells have them. Accesses of less than 4 bytes
/// touch a part of a word, larger ones whole words.
inline unsigned bytes_in_word(const WarpRequest& request, std::uint64_t address) {
    return request.bytes >= 4 ? 15u : ((1u << request.bytes) - 1) << address % 4 & 15u;
}

/// One lane's access to the first of its words.
/// @param time the thread's
/// @param has_fenced whether the thread has called a fence: then a volatile write raises a flag
inline WordAccess word_access(const WarpRequest& request, unsigned lane, std::uint32_t time,
                              bool has_fenced) {
    const unsigned bytes = bytes_in_word(request, request.addresses[lane]);
    const bool is_atomic =
        request.kind == Kind::atomic || (request.kind == Kind::flag_write && has_fenced);
    return {time, request.thread(lane), request.site.id, bytes, request.writes(), is_atomic};
}

/// Words that each lane accesses.
inline unsigned words_of(const WarpRequest& request) {
    return std::max(request.bytes / 4, 1u);
}

/// The lanes to enter. When all 32 read one word, two leave the same traces as 32.
inline unsigned lanes_to_enter(const WarpRequest& request) {
    if (request.kind != Kind::read || request.lanes != ~0u) return request.lanes;
    return request.site.pattern.is_one_place() ? 3 : request.lanes;
}

}  // namespace t2t::observer
