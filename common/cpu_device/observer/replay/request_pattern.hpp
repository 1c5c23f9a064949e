/// @file
/// Requests that are alike: the same instruction's in a loop differ only in where they begin.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "common/cpu_device/observer/replay/region.hpp"

namespace t2t::observer {

/// How the lanes of a place's latest request lie to each other, and what such a request costs.
///
/// Sectors are 32 bytes and banks come again after 128, in words of 4: when all lanes move by the
/// same number of bytes, a multiple of 32, no cost changes. So costs are found once for each
/// remainder.
struct RequestPattern {
    static constexpr unsigned period = 32;  ///< bytes

    unsigned lanes = 0;                        ///< bit i: lane i takes part
    unsigned bytes = 0;                        ///< of each lane
    Space space = Space::none;                 ///< that the costs are of
    std::array<std::uint64_t, 32> distance{};  ///< of each such lane from the first
    std::uint64_t below = 0;                   ///< of the lowest address from the first lane's
    std::uint64_t span = 0;                    ///< bytes from the lowest address to the last byte
    std::uint64_t bits = 0;                    ///< that are set in one of the distances
    /// By the first lane's address modulo `period`: sectors of global memory, passes of shared
    /// memory; 0 stands for not known.
    std::array<unsigned char, period> cost{};
    unsigned char least_passes = 0;

    /// Whether the lanes of a request lie like this.
    bool fits(const std::array<std::uint64_t, 32>& addresses, unsigned some, unsigned size) const {
        if (lanes != some || bytes != size) return false;
        const std::uint64_t first = addresses[std::countr_zero(some)];
        std::uint64_t difference = 0;
        if (some == ~0u) {  // without a branch for each lane: several at once
            for (unsigned lane = 0; lane < 32; ++lane)
                difference |= (addresses[lane] - first) ^ distance[lane];
        } else {
            for (unsigned left = some; left != 0; left &= left - 1) {
                const int lane = std::countr_zero(left);
                difference |= (addresses[lane] - first) ^ distance[lane];
            }
        }
        return difference == 0;
    }

    /// Whether all lanes access the same bytes.
    bool is_one_place() const { return span == bytes; }

    /// Becomes the pattern of a request; nothing is known of its costs.
    void become(const std::array<std::uint64_t, 32>& addresses, unsigned some, unsigned size) {
        lanes = some;
        bytes = size;
        space = Space::none;
        const std::uint64_t first = addresses[std::countr_zero(some)];
        std::uint64_t lowest = first;
        std::uint64_t highest = first;
        bits = 0;
        for (unsigned left = some; left != 0; left &= left - 1) {
            const int lane = std::countr_zero(left);
            distance[lane] = addresses[lane] - first;
            bits |= distance[lane];
            lowest = std::min(lowest, addresses[lane]);
            highest = std::max(highest, addresses[lane]);
        }
        below = first - lowest;
        span = highest - lowest + size;
    }

    /// Makes ready for costs in `memory`.
    void use_for(Space memory) {
        if (space == memory) return;
        space = memory;
        cost.fill(0);
    }
};

}  // namespace t2t::observer
