/// @file
/// What an observation has seen, as addresses and numbers: a report has lines and names for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"
#include "common/cpu_device/observer/replay/region.hpp"
#include "common/cpu_device/observer/replay/site.hpp"
#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::observer {

/// Of a fault outside kernels.
inline constexpr unsigned not_in_a_kernel = ~0u;

/// A fault as it was found; source lines and names are looked up at the end.
struct SeenFault {
    FaultKind kind{};
    unsigned kernel = 0;           ///< index of the observation's kernels; not_in_a_kernel
    std::uint32_t code = 0;        ///< the access; 0 when `place` says where
    CallChain issued_by = {};      ///< of a copy: who asked for it; then `code` has no place
    std::uint32_t other_code = 0;  ///< of a race: the other access
    SourceLine place;
    ThreadPlace thread, other_thread;
    bool knows_other = false;         ///< of a race: other_code counts
    bool knows_thread = false;        ///< and other_thread
    bool crosses_warps = false;       ///< of a race: once at least, the two are not of one warp
    bool same_value = false;          ///< of a race: both write, each time the same value
    bool is_host = false;             ///< of a stream race: the access is the host's own
    StreamOperation other_operation;  ///< and what it meets
    bool other_operation_writes = false;
    std::vector<std::uint32_t> trail;  ///< of a trap: the places that the thread came through
    std::uint64_t address = 0;
    unsigned bytes = 0;
    Region region;            ///< where the address lies, or the array it was meant for
    bool has_memory = false;  ///< the four below are known
    std::uint64_t memory_begin = 0;
    std::uint64_t memory_bytes = 0;
    int parameter = -1;          ///< of the kernel, that points into this memory
    bool index_wrapped = false;  ///< the address is that of an index of more than 32 bits
    CallChain allocated_by, freed_by;
    std::string variable;
    std::string detail;  ///< of traps and indices: what the device said
    std::uint64_t count = 1;
};

/// What makes two faults the same, and what is kept of those that were seen before.
struct SightedFault {
    FaultKind kind{};
    std::uint32_t code = 0;
    std::uint32_t other_code = 0;
    ThreadPlace thread;
    bool knows_thread = false;
    bool crosses_warps = false;
    bool same_value = false;
};

/// Launches of one kernel with one configuration.
struct SeenKernel {
    std::string name;
    const void* address = nullptr;
    dim3 grid, block;
    std::size_t shared_bytes = 0;
    std::uint64_t launches = 0;
    std::unordered_map<std::uint32_t, Site> sites;  ///< by code
    std::vector<std::uint64_t> parameters;  ///< pointers among the arguments of its latest launch
};

}  // namespace t2t::observer
