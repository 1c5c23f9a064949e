/// @file
/// Running sums, and the like, over tiles and coalesced groups.
#pragma once

#include "../cooperative_groups.h"
#include "../crt/groups/fold.h"
#include "../crt/groups/operators.h"

namespace cooperative_groups {

/// The values of ranks 0 to the thread's own, combined.
template <typename Group, typename T, typename Combine>
T inclusive_scan(const Group& group, T value, Combine combine,
                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return fold(group, value, combine, "cooperative_groups::inclusive_scan", where).through;
}
template <typename Group, typename T>
T inclusive_scan(const Group& group, T value,
                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return inclusive_scan(group, value, plus<T>(), where);
}

/// The values of the ranks below the thread's own, combined; T() for rank 0.
template <typename Group, typename T, typename Combine>
T exclusive_scan(const Group& group, T value, Combine combine,
                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const T before =
        fold(group, value, combine, "cooperative_groups::exclusive_scan", where).before;
    return group.thread_rank() == 0 ? T() : before;
}
template <typename Group, typename T>
T exclusive_scan(const Group& group, T value,
                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return exclusive_scan(group, value, plus<T>(), where);
}

}  // namespace cooperative_groups
