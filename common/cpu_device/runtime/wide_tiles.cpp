#include "common/cpu_device/runtime/wide_tiles.hpp"

#include <array>
#include <cstdint>

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"

namespace t2t::cpu_device {
namespace {

/// Of the block that this operating-system thread runs.
struct Tiles {
    std::uint64_t block = 0;  ///< which block; another one begins with no arrivals
    std::array<unsigned, most_threads> arrivals{};
    std::array<const void*, most_threads> values{};
};

Tiles& tiles() {
    thread_local Tiles all;
    if (all.block != scheduler().blocks_run()) {
        all.block = scheduler().blocks_run();
        all.arrivals = {};
    }
    return all;
}

}  // namespace

unsigned* wide_tile_arrivals(unsigned first) {
    return &tiles().arrivals[first];
}

const void** wide_tile_values() {
    return tiles().values.data();
}

}  // namespace t2t::cpu_device
