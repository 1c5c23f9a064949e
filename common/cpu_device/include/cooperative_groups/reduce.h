/// @file
/// Reductions over a group within a warp.
#pragma once

#include "../cooperative_groups.h"

namespace cooperative_groups {

template <typename T>
struct plus {
    T operator()(T a, T b) const { return a + b; }
};
template <typename T>
struct less {
    T operator()(T a, T b) const { return b < a ? b : a; }
};
template <typename T>
struct greater {
    T operator()(T a, T b) const { return a < b ? b : a; }
};
template <typename T>
struct bit_and {
    T operator()(T a, T b) const { return a & b; }
};
template <typename T>
struct bit_or {
    T operator()(T a, T b) const { return a | b; }
};
template <typename T>
struct bit_xor {
    T operator()(T a, T b) const { return a ^ b; }
};

/// Combines the values of all threads of a group in rank order; every thread gets the result.
template <typename Group, typename T, typename Combine>
T reduce(const Group& group, T value, Combine combine,
         t2t::SourceLocation where = t2t::SourceLocation::current()) {
    T total = group.shfl(value, 0, where);
    for (unsigned rank = 1; rank < group.size(); ++rank) {
        total = combine(total, group.shfl(value, static_cast<int>(rank), where));
    }
    return total;
}

}  // namespace cooperative_groups
