/// @file
/// Takes a memory instruction of a warp apart until each part lies in one piece of memory, and hands
/// the parts to those who count them and to shadow memory.
#pragma once

#include "common/cpu_device/observer/replay/address_map.hpp"
#include "common/cpu_device/observer/replay/faults.hpp"
#include "common/cpu_device/observer/replay/global_shadow.hpp"
#include "common/cpu_device/observer/replay/shared_shadow.hpp"
#include "common/cpu_device/observer/replay/warp_request.hpp"

namespace t2t::observer {

/// The memory instructions of the running block.
class WarpAccess {
 public:
    WarpAccess(const AddressMap& map, const FaultReporter& faults, SharedShadow& shared,
               GlobalShadow& global)
        : map_(map), faults_(faults), shared_(shared), global_(global) {}

    /// One instruction, if a GPU has one for as many bytes; else a copy of a structure.
    void access(const WarpRequest& request);
    /// A copy of a structure, which a GPU makes in several instructions.
    void access_pieces(const WarpRequest& request);

 private:
    void access_region(const WarpRequest& request);
    unsigned within_bounds(const WarpRequest& request);
    void use_shared(const WarpRequest& request);
    void use_global(const WarpRequest& request);

    const AddressMap& map_;
    const FaultReporter& faults_;
    SharedShadow& shared_;
    GlobalShadow& global_;
};

}  // namespace t2t::observer
