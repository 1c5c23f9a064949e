/// @file
/// What a basic block costs, read from the machine code that the compiler made of it.
///
/// A check build calls __sanitizer_cov_trace_pc() at the head of each basic block. The instructions
/// from there to the next such call run once each time: floating-point ones among them are the
/// kernel's operations. The compiler contracts a · b + c to one fma, as nvcc does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/cpu_device/observer/program/flops.hpp"

namespace t2t::observer {

/// One run of a basic block, by one thread.
struct BlockCost {
    unsigned instructions = 0;  ///< without the calls of hooks and what prepares them
    Flops fp64, fp32;
};

/// The costs of basic blocks. Asks binutils' objdump once for all of them.
/// @param markers return addresses of the calls of __sanitizer_cov_trace_pc in the running program,
///        as they are in memory
/// @returns one for each marker, in their order; zeros where objdump is missing
std::vector<BlockCost> block_costs(std::span<const std::uint64_t> markers);

}  // namespace t2t::observer
