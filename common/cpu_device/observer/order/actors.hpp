/// @file
/// Blocks as actors in global memory: their numbers, and what orders them.
#pragma once

#include <array>
#include <cstdint>

namespace t2t::observer {

/// Of a cell's 32-bit time in global memory, the lowest bits are the actor's clock.
inline constexpr unsigned actor_clock_bits = 14;
inline constexpr unsigned most_actors = 1u << (32 - actor_clock_bits);

/// A block, or a stretch of its life between grid barriers.
struct Actor {
    std::uint64_t block = 0;  ///< its number in the grid
    unsigned phase = 0;       ///< grid barriers that it has passed
};

/// The actors of all launches, by number; used with global_memory().mutex held.
class Actors {
 public:
    void begin_launch();
    /// A number for a block that begins; takes the mutex itself.
    unsigned enter(std::uint64_t block, unsigned phase);
    const Actor& operator[](unsigned number) const { return list_[number]; }
    /// Whether the actor belongs to an earlier launch.
    bool is_past(unsigned number) const { return number < first_; }

 private:
    std::array<Actor, most_actors> list_{};
    unsigned first_ = 1;
    unsigned last_ = 0;
};

Actors& actors();

}  // namespace t2t::observer
