/// @file
/// One place of a kernel's machine code, and what was counted there.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

#include "common/cpu_device/observer/replay/region.hpp"
#include "common/cpu_device/observer/replay/request_pattern.hpp"
#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::observer {

/// The warp request that a picture would show.
struct SeenRequest {
    unsigned lanes = 0;
    std::array<std::uint64_t, 32> address{};
    std::uint64_t begin = 0, end = 0;  ///< of the array or allocation
    Space space = Space::none;
    const char* name = nullptr;  ///< of a shared array
    unsigned bytes = 0;
    unsigned sectors = 0;
    unsigned passes = 0;
    ThreadPlace warp;

    /// Of two, the one with more lanes is shown, of equals the one of the first block.
    bool comes_before(const SeenRequest& other) const {
        const int lanes_more = __builtin_popcount(lanes) - __builtin_popcount(other.lanes);
        if (lanes_more != 0) return lanes_more > 0;
        const uint3 mine = warp.block;
        const uint3 theirs = other.warp.block;
        return std::tie(mine.z, mine.y, mine.x) < std::tie(theirs.z, theirs.y, theirs.x);
    }
};

/// What one place has done in a launch.
struct Site {
    std::uint32_t code = 0;
    std::uint16_t id = 0;  ///< for cells; 0 when there are too many to number
    Region region;         ///< the last one that it touched: most places touch one only

    std::uint64_t warps = 0;    ///< times a warp was here
    std::uint64_t threads = 0;  ///< the lanes of those times
    std::uint64_t extra = 0;    ///< sum of the entries' extra words, once per warp
    GlobalTraffic global;
    SharedTraffic shared;
    AtomicTraffic global_atomic, shared_atomic;
    std::uint64_t l2_bytes = 0;
    SeenRequest request;
    RequestPattern pattern;

    void add(const Site& more) {
        warps += more.warps;
        threads += more.threads;
        extra += more.extra;
        global += more.global;
        shared += more.shared;
        global_atomic += more.global_atomic;
        shared_atomic += more.shared_atomic;
        l2_bytes += more.l2_bytes;
        if (more.request.comes_before(request)) request = more.request;
    }
};

}  // namespace t2t::observer
