/// @file
/// Partitions of a group within a warp by a value that each thread brings.
#pragma once

#include <type_traits>

#include "crt/groups/lane_group.h"

namespace cooperative_groups {

/// The threads of `group` whose predicate is the caller's. The group of those that hold is number 1,
/// unless all agree.
inline coalesced_group binary_partition(
    const lane_group& group, bool predicate,
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const unsigned all = group.lane_mask();
    const unsigned holding = __ballot_sync(all, predicate, where);
    if (holding == 0 || holding == all) return coalesced_group(all);
    return coalesced_group(predicate ? holding : all & ~holding, predicate, 2);
}

/// The threads of `group` with the caller's label, an integer or a pointer. Groups are numbered in
/// the order of their first threads.
template <typename Label>
coalesced_group labeled_partition(const lane_group& group, Label label,
                                  t2t::SourceLocation where = t2t::SourceLocation::current()) {
    static_assert(std::is_integral_v<Label> || std::is_pointer_v<Label>,
                  "a label is an integer or a pointer");
    if constexpr (std::is_same_v<Label, bool>) {
        return binary_partition(group, label, where);
    } else {
        const unsigned all = group.lane_mask();
        const unsigned mine = __match_any_sync(all, label, where);
        const unsigned first = mine & -mine;
        const unsigned leaders =
            __ballot_sync(all, first == 1u << t2t::cpu_device::lane_index(), where);
        return coalesced_group(mine,
                               static_cast<unsigned>(__builtin_popcount(leaders & (first - 1))),
                               static_cast<unsigned>(__builtin_popcount(leaders)));
    }
}

}  // namespace cooperative_groups
