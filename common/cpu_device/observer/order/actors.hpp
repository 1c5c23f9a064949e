/// @file
/// Blocks as actors in global memory: their numbers, and what orders them.
#pragma once

#include <array>
#include <cstdint>

namespace t2t::observer {

/// Of a cell's 32-bit time in global memory, the lowest bits are the actor's clock.
inline constexpr unsigned actor_clock_bits = 14;
inline constexpr unsigned most_actors = 1u << (32 - actor_clock_bits);

/// A block, or a stretch of its life between grid barriers; or an operation that is no launch.
struct Actor {
    std::uint64_t block = 0;      ///< its number in the grid
    unsigned phase = 0;           ///< grid barriers that it has passed
    std::uint32_t operation = 0;  ///< the launch, as StreamOrder numbers it
};

/// The actors of all launches, by number; used with global_memory().mutex held.
class Actors {
 public:
    /// @param operation the launch's number
    /// @param is_after_all whether all earlier operations happen before it
    void begin_launch(std::uint32_t operation, bool is_after_all);
    /// A number for one that begins; takes the mutex itself.
    unsigned enter(const Actor& actor);
    const Actor& operator[](unsigned number) const { return list_[number]; }
    /// Whether the actor belongs to an earlier launch, and all of those happen before this one.
    bool is_past(unsigned number) const { return number < first_after_all_; }
    /// Whether it is one of this launch.
    bool is_of_this_launch(unsigned number) const {
        return number >= first_ && list_[number].operation == launch_;
    }

 private:
    std::array<Actor, most_actors> list_{};
    unsigned first_ = 1;            ///< of this launch
    unsigned first_after_all_ = 1;  ///< the same, or 0 when some earlier operation may come later
    unsigned last_ = 0;
    std::uint32_t launch_ = 0;  ///< the operation that this launch is
};

Actors& actors();

}  // namespace t2t::observer
