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

/// A load or store of shared memory by a warp.
struct BankRequest {
    std::span<const std::uint64_t, 32> addresses;  ///< those of lanes that take no part are ignored
    unsigned lanes;                                ///< bit i: lane i takes part
    unsigned bytes;                                ///< of each lane: 1, 2, 4, 8 or 16
    bool store;
};

/// Times that shared memory's 32 banks of 4 bytes must be gone through.
///
/// In one pass each bank gives one word, to any number of lanes. Accesses of 8 bytes are served half
/// a warp at a time, accesses of 16 bytes a quarter. A load whose lanes agree in pairs – each with
/// its neighbour, or each with the next but one – is served twice as many at a time. That is what an
/// H200 was seen to do (docs/results/counters.md).
unsigned bank_passes(const BankRequest& request);

/// The passes that the same lanes need when nothing conflicts.
unsigned least_bank_passes(const BankRequest& request);

/// Rounds an atomic operation on shared memory takes: the most lanes that name one bank.
unsigned shared_atomic_rounds(std::span<const std::uint64_t> addresses);

/// Rounds an atomic operation on global memory takes: the most lanes that name one address.
unsigned atomic_rounds(std::span<const std::uint64_t> addresses);

}  // namespace t2t::observer
