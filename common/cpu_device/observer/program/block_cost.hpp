/// @file
/// The cost of one basic block, from its disassembly.
#pragma once

#include <cstdint>
#include <vector>

#include "common/cpu_device/observer/program/disassembly.hpp"
#include "common/cpu_device/observer/program/machine_code.hpp"

namespace t2t::observer {

/// Adds the floating-point operations of one run of `instruction` to `cost`.
///
/// A packed instruction counts once for each element. Divisions, square roots and calls of the C
/// library's exp, sin and their kin are special. Comparisons, conversions, minima, maxima and
/// changes of sign are no operations, as in ncu's counters.
void count_operations(const Instruction& instruction, BlockCost& cost);

/// Follows the code from `marker` to the next call of __sanitizer_cov_trace_pc.
/// @param marker an address in the file: the one behind such a call
/// @param unread takes the address at which the way left `code`, if it did: the cost is then that
///        of the part before it
BlockCost block_cost(const Disassembly& code, std::uint64_t marker,
                     std::vector<std::uint64_t>& unread);

}  // namespace t2t::observer
