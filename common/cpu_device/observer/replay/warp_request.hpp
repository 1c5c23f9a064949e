/// @file
/// One memory instruction of a warp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/observer/replay/site.hpp"

namespace t2t::observer {

/// What lanes of a warp access together.
struct WarpRequest {
    Site& site;
    const std::array<std::uint64_t, 32>& addresses;  ///< of the lanes that take part
    unsigned warp;                                   ///< of the block
    unsigned lanes;                                  ///< bit i: lane i takes part
    Kind kind;
    unsigned bytes;  ///< of each lane

    /// The part of it that some of the lanes have in it.
    WarpRequest of(unsigned some) const { return {site, addresses, warp, some, kind, bytes}; }
    unsigned thread(unsigned lane) const { return warp * 32 + lane; }

    bool reads() const {
        return kind == Kind::read || kind == Kind::flag_read || kind == Kind::async_read ||
               kind == Kind::atomic;
    }
    bool writes() const {
        return kind == Kind::write || kind == Kind::flag_write || kind == Kind::async_write ||
               kind == Kind::atomic;
    }
    /// Volatile variables are how flags are polled; they count as atomic.
    bool is_atomic() const {
        return kind == Kind::atomic || kind == Kind::flag_read || kind == Kind::flag_write;
    }
};

/// Calls `visit` with the number of each lane in a mask.
template <typename Visit>
void for_each_lane(unsigned lanes, Visit visit) {
    for (unsigned left = lanes; left != 0; left &= left - 1)
        visit(static_cast<unsigned>(std::countr_zero(left)));
}

}  // namespace t2t::observer
