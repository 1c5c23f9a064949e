/// @file
/// What one memory instruction of a warp costs, from the addresses of its lanes.
#pragma once

#include <cstdint>
#include <span>

namespace t2t::observer {

/// Distinct 32-byte sectors of global memory that the lanes touch.
/// @param addresses one for each lane that takes part
/// @param bytes     of each lane: 1, 2, 4, 8 or 16, and each address a multiple of it
unsigned sectors_touched(std::span<const std::uint64_t> addresses, unsigned bytes);

/// Times that shared memory's 32 banks of 4 bytes must be gone through.
///
/// In one pass each bank gives one word, to any number of lanes. Accesses of 8 bytes are served half
/// a warp at a time, accesses of 16 bytes a quarter; when all lanes name one address, twice as many
/// at a time. That is what an H200 was seen to do (docs/results/counters.md).
/// @param addresses of all 32 lanes; those not in `lanes` are ignored
/// @param lanes     bit i: lane i takes part
unsigned bank_passes(std::span<const std::uint64_t, 32> addresses, unsigned lanes, unsigned bytes);

/// The passes that the same lanes need when nothing conflicts.
unsigned least_bank_passes(std::span<const std::uint64_t, 32> addresses, unsigned lanes,
                           unsigned bytes);

/// Rounds an atomic operation takes: the most lanes that name one address.
unsigned atomic_rounds(std::span<const std::uint64_t> addresses);

}  // namespace t2t::observer
