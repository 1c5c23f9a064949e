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
    Scope atomic = Scope::none;  ///< see WordAccess
};

/// An earlier access that another one races with.
struct Met {
    const Cell& cell;
    bool is_writer;   ///< the word's last write, not a read
    bool same_value;  ///< the later access writes what the earlier one has written
};

/// Notes faults down, with the memory that they are about.
class FaultReporter {
 public:
    FaultReporter(const AddressMap& map, const BlockActor& actor) : map_(map), actor_(actor) {}

    void report(FaultKind kind, const ThreadAccess& access) const;
    /// @name `access` races with one that a cell holds – unless both are the flag's by which threads
    /// tell each other something
    ///@{
    void report_shared_race(const ThreadAccess& access, const Met& met) const;
    void report_global_race(const ThreadAccess& access, const Met& met) const;
    ///@}

    /// Which allocation or array a fault's address lies in or was meant for, and which parameter of
    /// the kernel points there.
    void name_memory(SeenFault& fault) const;
    /// The same for an address that is far from all memory: of the kernel's arguments the one that an
    /// index of 32 bits reaches it from.
    void name_far_memory(SeenFault& fault) const;

 private:
    SeenFault fault_at(FaultKind kind, const ThreadAccess& access) const;
    void report_stream_race(const ThreadAccess& access, const Met& met,
                            std::uint32_t operation) const;
    void report_race(FaultKind kind, const ThreadAccess& access, const Met& met,
                     const ThreadPlace& other, bool same_block) const;

    const AddressMap& map_;
    const BlockActor& actor_;
};

}  // namespace t2t::observer
