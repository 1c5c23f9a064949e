/// @file
/// What groups within a warp share: a mask of lanes, and operations among them.
#pragma once

#include "common/cpu_device/runtime/warp.hpp"
#include "crt/groups/thread_group.h"

namespace cooperative_groups {

/// Lanes of a warp. Ranks count within the group: rank r is the r-th lane of the mask.
class lane_group : public thread_group {
 public:
    void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        __syncwarp(lanes(), where);
    }
    unsigned thread_rank() const { return rank_of(t2t::cpu_device::lane_index(), lanes()); }
    unsigned num_threads() const { return count_of(lanes()); }
    unsigned size() const { return num_threads(); }
    unsigned meta_group_rank() const { return number_; }
    unsigned meta_group_size() const { return count_; }

    template <typename T>
    T shfl(T value, int rank, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return from_rank(value, static_cast<unsigned>(rank) % size(), "group.shfl", where);
    }
    template <typename T>
    T shfl_up(T value, unsigned delta,
              t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        const unsigned rank = thread_rank();
        return from_rank(value, delta <= rank ? rank - delta : rank, "group.shfl_up", where);
    }
    template <typename T>
    T shfl_down(T value, unsigned delta,
                t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        const unsigned rank = thread_rank();
        return from_rank(value, delta < size() - rank ? rank + delta : rank, "group.shfl_down",
                         where);
    }
    int any(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __any_sync(lanes(), predicate, where);
    }
    int all(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __all_sync(lanes(), predicate, where);
    }
    /// Bits count ranks of the group, not lanes of the warp.
    unsigned ballot(int predicate,
                    t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__ballot_sync(lanes(), predicate, where));
    }
    template <typename T>
    unsigned match_any(T value, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__match_any_sync(lanes(), value, where));
    }
    template <typename T>
    unsigned match_all(T value, int& all_equal,
                       t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__match_all_sync(lanes(), value, &all_equal, where));
    }

    /// The lanes of the warp that belong to the group. (Not CUDA's; for what is built on groups.)
    unsigned lane_mask() const { return lanes(); }

 protected:
    /// @param lanes  of the warp
    /// @param number of this group among those that a partition made
    /// @param count  of the groups that it made
    lane_group(unsigned lanes, unsigned number, unsigned count)
        : thread_group(lanes), number_(number), count_(count) {}

 private:
    template <typename T>
    T from_rank(T value, unsigned rank, const char* what, t2t::SourceLocation where) const {
        unsigned rest = lanes();
        for (; rank > 0; --rank) rest &= rest - 1;
        return t2t::cpu_device::shuffle(lanes(), value, static_cast<unsigned>(__builtin_ctz(rest)),
                                        {what, where, lanes()});
    }
    unsigned ranks_of(unsigned some) const {
        unsigned ranks = 0;
        unsigned rank = 0;
        for (unsigned rest = lanes(); rest != 0; rest &= rest - 1, ++rank) {
            if ((some & rest & -rest) != 0) ranks |= 1u << rank;
        }
        return ranks;
    }

    unsigned number_;
    unsigned count_;
};

/// Lanes of a warp that run together at some moment, or a part of them.
class coalesced_group : public lane_group {
 public:
    explicit coalesced_group(unsigned lanes, unsigned number = 0, unsigned count = 1)
        : lane_group(lanes, number, count) {}

    /// The group's part of `size` threads that holds the calling one; see tiled_partition.
    coalesced_group part(unsigned size) const {
        const unsigned number = thread_rank() / size;
        return coalesced_group(lanes_of_ranks(lanes(), number * size, size), number,
                               (num_threads() + size - 1) / size);
    }
};

inline coalesced_group coalesced_threads(
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return coalesced_group(__activemask(where));
}

}  // namespace cooperative_groups
