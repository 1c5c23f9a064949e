/// @file
/// Reductions over tiles and coalesced groups.
#pragma once

#include "../cooperative_groups.h"
#include "../crt/groups/fold.h"
#include "../crt/groups/operators.h"

namespace cooperative_groups {

/// Combines the values of all threads of a group in rank order; every thread gets the result.
template <typename Group, typename T, typename Combine>
T reduce(const Group& group, T value, Combine combine,
         t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return fold(group, value, combine, "cooperative_groups::reduce", where).total;
}

}  // namespace cooperative_groups
