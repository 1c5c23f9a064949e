/// @file
/// An estimate of what an L2 cache would have to fetch.
#pragma once

#include <cstddef>

#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::observer {

/// Which sectors an L2 of l2_size() bytes holds, by generations: the spare bits of a sector's first
/// cell are those of the last time it was used. A generation ends when half the L2 has been filled,
/// so the sectors of this one and the one before are those that an L2 which drops the oldest would
/// still have. Used with global_memory().mutex held.
class L2 {
 public:
    static constexpr unsigned sector_bytes = 32;

    /// A launch begins: it holds nothing.
    void flush() {
        next();
        next();
    }
    /// @param cell the first of a sector that is accessed
    /// @returns bytes to fetch: a sector's or 0
    unsigned touch(Cell& cell) {
        const bool hit = cell.spare != 0 && (cell.spare == generation_ || cell.spare == last_);
        cell.spare = generation_;
        if (hit) return 0;
        filled_ += sector_bytes;
        if (filled_ > l2_size() / 2) next();
        return sector_bytes;
    }

 private:
    void next() {
        last_ = generation_;
        generation_ = generation_ % 15 + 1;  // four spare bits; 0 stands for never
        filled_ = 0;
    }
    unsigned generation_ = 1;
    unsigned last_ = 0;
    std::size_t filled_ = 0;  ///< bytes in this generation
};

/// The L2 of all operating-system threads.
inline constinit L2 l2;

}  // namespace t2t::observer
