#include "cli/profile/occupancy.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace t2t::profile {
namespace {

constexpr int warp_size = 32;
/// Registers are given to a warp in pieces of so many.
constexpr int register_piece = 256;

}  // namespace

OccupancyLimit occupancy_limit(const Fit& fit, const SmLimits& sm) {
    const int warps = (fit.threads + warp_size - 1) / warp_size;
    const int pieces = (fit.registers * warp_size + register_piece - 1) / register_piece;
    const int registers = warps * pieces * register_piece;
    const auto room = [](int all, int each) {
        return each > 0 ? all / each : std::numeric_limits<int>::max();
    };
    // Of equals the first counts.
    const auto rooms = std::to_array<std::pair<OccupancyLimit, int>>({
        {OccupancyLimit::threads, room(sm.threads, warps * warp_size)},
        {OccupancyLimit::registers, room(sm.registers, registers)},
        {OccupancyLimit::shared_memory,
         room(sm.shared_bytes, fit.shared_bytes + sm.reserved_shared_bytes)},
        {OccupancyLimit::blocks, sm.blocks},
    });
    return std::ranges::min_element(rooms, {}, [](const auto& one) { return one.second; })->first;
}

}  // namespace t2t::profile
