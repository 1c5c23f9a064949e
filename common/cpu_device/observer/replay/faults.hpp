/// @file
/// Faults as the running block's replay finds them.
#pragma once

#include <cstdint>

#include "common/cpu_device/observer/order/block_actor.hpp"
#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/replay/address_map.hpp"
#include "common/cpu_device/observer/replay/site.hpp"
#include "common/cpu_device/observer/report/seen.hpp"

namespace t2t::observer {

/// What one thread accesses.
struct ThreadAccess {
    const Site& site;
    unsigned thread;  ///< of the block
    std::uint64_t address;
    unsigned bytes;
};

/// Notes faults down, with the memory that they are about.
class FaultReporter {
 public:
    FaultReporter(const AddressMap& map, const BlockActor& actor) : map_(map), actor_(actor) {}

    void report(FaultKind kind, const ThreadAccess& access) const;
    /// `access` races with the one that a cell of shared memory holds.
    void report_shared_race(const ThreadAccess& access, const Cell& other) const;
    /// The same in global memory. @param is_writer whether it is the word's writer
    void report_global_race(const ThreadAccess& access, const Cell& other, bool is_writer) const;

    /// Which allocation or array a fault's address lies in or was meant for, and which parameter of
    /// the kernel points there.
    void name_memory(SeenFault& fault) const;

 private:
    SeenFault fault_at(FaultKind kind, const ThreadAccess& access) const;
    void report_race(FaultKind kind, const ThreadAccess& access, const Cell& other,
                     const ThreadPlace& met, bool is_own) const;

    const AddressMap& map_;
    const BlockActor& actor_;
};

}  // namespace t2t::observer
