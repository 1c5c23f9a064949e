/// @file
/// CUDA's cooperative groups on the CPU device: the block, tiles, lanes that have converged, the
/// grid. Clusters are not served: the CPU device has compute capability 8.0, which has none.
#pragma once

#include "cuda_runtime.h"

#include "crt/groups/block_group.h"
#include "crt/groups/grid_group.h"
#include "crt/groups/invoke.h"
#include "crt/groups/lane_group.h"
#include "crt/groups/partition.h"
#include "crt/groups/tile.h"
#include "crt/groups/wide_tile.h"

namespace cooperative_groups {

/// @name As functions
///@{
template <typename Group>
void sync(const Group& group, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    group.sync(where);
}
template <typename Group>
auto thread_rank(const Group& group) {
    return group.thread_rank();
}
template <typename Group>
auto group_size(const Group& group) {
    return group.num_threads();
}
///@}

}  // namespace cooperative_groups
