/// @file
/// The order in which the CPU device lets a block's threads run between two barriers.
#pragma once

#include <cstdint>

namespace t2t::cpu_device {

/// CUDA promises no order between threads. A kernel that needs one has a race, and permuting the
/// order shows it.
enum class Order { forward, reverse, random };

/// What `T2T_SCHEDULE=forward|reverse|random:SEED` asks for.
struct Schedule {
    Order order = Order::forward;
    std::uint64_t seed = 0;  ///< of the random order
};

/// Reads a schedule from its text.
/// @throws std::invalid_argument naming the three forms when `text` is none of them
Schedule parse_schedule(const char* text);

/// The schedule of this process, read from T2T_SCHEDULE once. A bad value ends the program with one
/// sentence.
const Schedule& schedule();

}  // namespace t2t::cpu_device
