/// @file
/// The machine that the CPU device says it is.
#pragma once

#include <cstddef>

namespace t2t::cpu_device {

// The machine that occupancy queries and limits describe: fourteen multiprocessors of compute
// capability 8.0, a seventh of an A100. Not a power of two, because grid-stride loops would then
// walk a CPU's cache in strides that all fall into the same few sets.
inline constexpr int multiprocessors = 14;
inline constexpr int threads_per_multiprocessor = 2048;
inline constexpr int blocks_per_multiprocessor = 32;
inline constexpr int registers_per_multiprocessor = 65536;
inline constexpr int registers_per_thread =
    32;  // a guess: the CPU device does not allocate registers
inline constexpr std::size_t shared_per_block = 48 * 1024;
inline constexpr std::size_t shared_per_block_opt_in = 163 * 1024;
inline constexpr std::size_t shared_per_multiprocessor = 164 * 1024;
inline constexpr std::size_t shared_reserved_per_block = 1024;
inline constexpr unsigned most_threads_z = 64;
inline constexpr unsigned most_blocks_x = 2147483647;
inline constexpr unsigned most_blocks_yz = 65535;
inline constexpr std::size_t constant_memory = 64 * 1024;

}  // namespace t2t::cpu_device
