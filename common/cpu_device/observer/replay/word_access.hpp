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
inline WordAccess word_access(const WarpRequest& request, unsigned lane, std::uint32_t time) {
    const unsigned bytes = bytes_in_word(request, request.addresses[lane]);
    return {time,  request.thread(lane), request.site.id,
            bytes, request.writes(),     request.atomic_scope(lane)};
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
