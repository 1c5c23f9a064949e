/// @file
/// The sentences of a fault.
#pragma once

#include <string>

#include "common/cpu_device/observer/report/report.hpp"
#include "common/cpu_device/observer/report/seen.hpp"

namespace t2t::observer {

/// Names that were looked up for a fault.
struct FaultWords {
    std::string memory;          ///< the kernel's parameter that points there; may be empty
    SourceLine allocated;        ///< where the memory was allocated
    SourceLine freed;            ///< and freed
    std::string other_work;      ///< of a stream race: "the kernel `fill`", "a copy"
    bool is_contested = false;   ///< of a race: several threads write one word at one of its lines
    bool crosses_warps = false;  ///< and threads of several warps race between its lines
    bool has_atomics = false;    ///< the kernel has some on global memory: perhaps a lock
};

/// Who does what to which address: `reads 4 bytes, 4 bytes past `out` (4,096 bytes, allocated at …)`.
std::string what_happened(const SeenFault& fault, const FaultWords& words);

/// The usual cause, and what to do.
std::string usual_cause(const SeenFault& seen, const Fault& fault, const FaultWords& words);

}  // namespace t2t::observer
