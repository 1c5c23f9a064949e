/// @file
/// Combining the values of a group in rank order: what reductions and scans stand on.
#pragma once

#include "crt/groups/tile.h"
#include "crt/groups/wide_tile.h"

namespace t2t::cpu_device {

/// Values combined in rank order, as one thread sees them.
template <typename T>
struct Folded {
    T before;   ///< of all ranks below the thread's; no value for rank 0
    T through;  ///< up to the thread's own
    T total;    ///< of all
};

/// Combines the values of all lanes of `mask`.
template <typename T, typename Combine>
Folded<T> fold_lanes(unsigned mask, T value, Combine& combine, const Wait& wait) {
    struct Lane {
        Combine* combine;
        Folded<T> folded;
    };
    Lane mine{&combine, {value, value, value}};
    warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            const Lane* before = nullptr;
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& lane) {
                if (before != nullptr) {
                    lane.folded.before = before->folded.through;
                    lane.folded.through = (*lane.combine)(lane.folded.before, lane.folded.through);
                }
                before = &lane;
            });
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& lane) {
                lane.folded.total = before->folded.through;
            });
        },
        &mine, wait);
    return mine.folded;
}

}  // namespace t2t::cpu_device

namespace cooperative_groups {

/// Combines the values of all threads of a group within a warp.
template <typename T, typename Combine>
t2t::cpu_device::Folded<T> fold(const lane_group& group, T value, Combine& combine,
                                const char* what, t2t::SourceLocation where) {
    return t2t::cpu_device::fold_lanes(group.lane_mask(), value, combine,
                                       {what, where, group.lane_mask()});
}

/// The same for a tile of several warps: each warp's values, then the warps' totals.
template <unsigned Size, typename T, typename Combine>
t2t::cpu_device::Folded<T> fold(const wide_tile<Size>& tile, T value, Combine& combine,
                                const char* what, t2t::SourceLocation where) {
    const auto of_warp =
        t2t::cpu_device::fold_lanes(0xffffffffu, value, combine, {what, where, 0xffffffffu});
    auto result = of_warp;
    tile.exchange(
        of_warp.total,
        [&](const T* const* totals) {
            const unsigned my_warp = tile.thread_rank() / 32;
            T sum = *totals[tile.first_thread()];
            for (unsigned warp = 1; warp < Size / 32; ++warp) {
                if (warp == my_warp) {
                    const bool first_lane = tile.thread_rank() % 32 == 0;
                    result.before = first_lane ? sum : combine(sum, of_warp.before);
                    result.through = combine(sum, of_warp.through);
                }
                sum = combine(sum, *totals[tile.first_thread() + 32 * warp]);
            }
            result.total = sum;
        },
        where);
    return result;
}

}  // namespace cooperative_groups
