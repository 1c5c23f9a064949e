/// @file
/// One memory instruction of a warp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "common/cpu_device/observer/log/access_log.hpp"
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
    /// The lanes' logs, and the number of the entry; nullptr of a piece of a larger copy.
    const LogEntry* const* logs = nullptr;
    std::ptrdiff_t entry = 0;

    /// The part of it that some of the lanes have in it.
    WarpRequest of(unsigned some) const {
        return {site, addresses, warp, some, kind, bytes, logs, entry};
    }
    unsigned thread(unsigned lane) const { return warp * 32 + lane; }

    bool reads() const {
        return kind == Kind::read || kind == Kind::flag_read || kind == Kind::async_read ||
               kind == Kind::atomic;
    }
    /// Whether it reads what should have been written before. An atomicExch may be a write alone:
    /// whether anybody looks at the old value is not seen.
    bool reads_for_sure() const {
        if (kind != Kind::atomic || logs == nullptr) return reads();
        return (logs[std::countr_zero(lanes)][entry].extra & only_writes) == 0;
    }
    /// Among whom a lane's access is atomic.
    Scope atomic_scope(unsigned lane) const {
        if (kind != Kind::atomic && kind != Kind::flag_write) return Scope::none;
        return logs == nullptr ? Scope::none : scope_of(logs[lane][entry].extra);
    }
    bool writes() const {
        return kind == Kind::write || kind == Kind::flag_write || kind == Kind::async_write ||
               kind == Kind::atomic;
    }
    /// Whether a lane's write has left in memory what was there before. Of several threads that
    /// write a word without an order, all but the first do when they write the same value.
    bool changes_nothing(unsigned lane) const {
        if (logs == nullptr || kind != Kind::write) return false;
        const std::uint32_t before = logs[lane][entry].extra & fingerprint_bits;
        return before == fingerprint(reinterpret_cast<const void*>(addresses[lane]), bytes);
    }
};

/// Calls `visit` with the number of each lane in a mask.
template <typename Visit>
void for_each_lane(unsigned lanes, Visit visit) {
    for (unsigned left = lanes; left != 0; left &= left - 1)
        visit(static_cast<unsigned>(std::countr_zero(left)));
}

}  // namespace t2t::observer
