/// @file
/// What orders two accesses: barriers within a block, grid barriers and fences between blocks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"

namespace t2t::observer {

/// Order among the threads of one block, for shared memory.
struct BlockOrder {
    std::uint32_t block_time;        ///< of the last block-wide barrier
    std::uint32_t warp_time;         ///< of the warp's last whole __syncwarp
    const std::uint32_t* pair_time;  ///< of each lane: its last __syncwarp with this one
    std::uint32_t origin;            ///< the moment at which a cell's clock stood at 0
    std::uint32_t clock_mask;        ///< the bits of a cell's time that are its clock
    unsigned thread;
    unsigned actor;      ///< of the block
    std::uint32_t now;   ///< the thread's clock
    std::uint64_t word;  ///< the address that it accesses

    bool before(const Cell& cell, Crowd crowd) const {
        const std::uint32_t time = origin + (cell.time & clock_mask);
        if (time < block_time) return true;
        if (crowd == Crowd::thread && cell.thread == thread) return true;
        if (crowd <= Crowd::warp && cell.warp() == thread / 32 &&
            (time < warp_time || time < pair_time[cell.thread % 32])) {
            return true;
        }
        return crowd <= Crowd::warp &&
               fences().ordered_in_block(word, actor, {static_cast<unsigned>(cell.thread), time},
                                         {thread, now});
    }
    bool past(const Cell& cell) const { return origin + (cell.time & clock_mask) < block_time; }
    bool same_block(const Cell&) const { return true; }
};

/// Order among the threads of a grid, for global memory.
struct GridOrder {
    BlockOrder in_block;

    static unsigned actor_of(const Cell& cell) { return cell.time >> actor_clock_bits; }
    bool before(const Cell& cell, Crowd crowd) const {
        const unsigned other = actor_of(cell);
        const unsigned mine = in_block.actor;
        if (other == mine) return crowd != Crowd::grid && in_block.before(cell, crowd);
        if (actors().is_past(other)) return true;
        if (!actors().is_of_this_launch(other))
            return stream_order().is_before_launch(actors()[other].operation);
        if (actors()[other].phase < actors()[mine].phase) return true;
        if (crowd == Crowd::grid) return false;
        return actors()[other].block == actors()[mine].block ||
               fences().ordered_between_blocks(
                   in_block.word, other,
                   {static_cast<unsigned>(cell.thread), cell.time & in_block.clock_mask}, mine,
                   {in_block.thread, in_block.now - std::min(in_block.now, in_block.origin)});
    }
    bool past(const Cell& cell) const { return actor_of(cell) != in_block.actor; }
    bool same_block(const Cell& cell) const { return actor_of(cell) == in_block.actor; }
};

}  // namespace t2t::observer
