/// @file
/// Warp operations of device code: shuffles, votes, matches, reductions. Each is one call of
/// t2t::cpu_device::warp_collective with a few lines that compute for all lanes at once.
#pragma once

#include <cstring>
#include <type_traits>

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/source_location.hpp"

namespace t2t::cpu_device {

/// Calls `visit(lane, payload of that lane)` for every lane of `arrived`.
template <typename Payload, typename Visit>
void for_each_lane(unsigned arrived, void* const* payloads, Visit visit) {
    for (unsigned left = arrived; left != 0; left &= left - 1) {
        const unsigned lane = __builtin_ctz(left);
        visit(lane, *static_cast<Payload*>(payloads[lane]));
    }
}

inline constexpr unsigned no_lane = warp_size;

/// What a lane brings to a shuffle, and takes from it.
template <typename T>
struct ShuffleLane {
    T value;
    unsigned source;  ///< the lane whose value it wants; no_lane when that one takes no part
    T result;
};

/// What becomes of a shuffle from a lane that does not take part. CUDA leaves the value undefined; an H200 gives 0.
enum class AbsentSource {
    is_a_fault,  ///< who names a lane, or a partner, wants its value
    gives_0      ///< up and down may reach past the lanes in use, whose results nobody need look at
};

/// Every lane gets the value of its source lane.
template <typename T>
T2T_DEVICE_INLINE T shuffle(unsigned mask, T value, unsigned source, const Wait& wait,
                            AbsentSource absent = AbsentSource::is_a_fault) {
    using Lane = ShuffleLane<T>;
    Lane mine{value, source, value};
    warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& lane) {
                if ((arrived >> lane.source & 1) == 0) {
                    lane.source = no_lane;
                    return;
                }
                lane.result = static_cast<const Lane*>(payloads[lane.source])->value;
            });
        },
        &mine, wait);
    if (__builtin_expect(mine.source == no_lane, 0)) {
        if (absent == AbsentSource::is_a_fault) refuse_absent_source(source, wait);
        std::memset(static_cast<void*>(&mine.result), 0, sizeof mine.result);
    }
    return mine.result;
}

/// First lane of the calling lane's segment of `width` lanes.
inline unsigned segment_start(int width) {
    return lane_index() & ~(static_cast<unsigned>(width) - 1);
}

/// What a lane brings to a vote or a reduction, and what it gets back.
template <typename T>
struct VoteLane {
    T value;
    unsigned result_mask;
    T result;
};

/// The lanes whose value is not 0.
T2T_DEVICE_INLINE unsigned ballot(unsigned mask, int predicate, const Wait& wait) {
    using Lane = VoteLane<int>;
    Lane mine{predicate, 0, 0};
    warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            unsigned set = 0;
            for_each_lane<Lane>(arrived, payloads, [&](unsigned lane, Lane& one) {
                if (one.value != 0) set |= 1u << lane;
            });
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& one) {
                one.result_mask = set;
                one.result = arrived == set;
            });
        },
        &mine, wait);
    return mine.result_mask;
}

/// Folds the values of all lanes of the mask in lane order, and gives every lane the result.
template <typename T, typename Combine>
T2T_DEVICE_INLINE T reduce(unsigned mask, T value, Combine, const Wait& wait) {
    using Lane = VoteLane<T>;
    Lane mine{value, 0, value};
    warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            T total{};
            bool first = true;
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& one) {
                total = first ? one.value : Combine{}(total, one.value);
                first = false;
            });
            for_each_lane<Lane>(arrived, payloads,
                                [&](unsigned, Lane& one) { one.result = total; });
        },
        &mine, wait);
    return mine.result;
}

}  // namespace t2t::cpu_device

// ---- shuffles -----------------------------------------------------------------------------------

template <typename T>
T2T_DEVICE_INLINE T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
                                t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const unsigned source =
        t2t::cpu_device::segment_start(width) + (static_cast<unsigned>(lane) & (width - 1));
    return t2t::cpu_device::shuffle(mask, value, source, {"__shfl_sync", where, mask});
}
template <typename T>
T2T_DEVICE_INLINE T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                   t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const unsigned lane = t2t::cpu_device::lane_index();
    const unsigned offset = lane - t2t::cpu_device::segment_start(width);
    const unsigned source = delta <= offset ? lane - delta : lane;
    return t2t::cpu_device::shuffle(mask, value, source, {"__shfl_up_sync", where, mask},
                                    t2t::cpu_device::AbsentSource::gives_0);
}
template <typename T>
T2T_DEVICE_INLINE T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                     t2t::SourceLocation where = t2t::SourceLocation::current()) {
    const unsigned lane = t2t::cpu_device::lane_index();
    const unsigned offset = lane - t2t::cpu_device::segment_start(width);
    const unsigned source = delta < static_cast<unsigned>(width) - offset ? lane + delta : lane;
    return t2t::cpu_device::shuffle(mask, value, source, {"__shfl_down_sync", where, mask},
                                    t2t::cpu_device::AbsentSource::gives_0);
}
template <typename T>
T2T_DEVICE_INLINE T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                                    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    // A partner in a later segment leaves the value as it is; one in an earlier segment is read
    // (CUDA's rule).
    const unsigned lane = t2t::cpu_device::lane_index();
    const unsigned partner = lane ^ static_cast<unsigned>(lane_mask);
    const unsigned end = t2t::cpu_device::segment_start(width) + static_cast<unsigned>(width);
    return t2t::cpu_device::shuffle(mask, value, partner < end ? partner : lane,
                                    {"__shfl_xor_sync", where, mask});
}

// ---- votes --------------------------------------------------------------------------------------

T2T_DEVICE_INLINE unsigned __ballot_sync(
    unsigned mask, int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::ballot(mask, predicate, {"__ballot_sync", where, mask});
}
T2T_DEVICE_INLINE int __any_sync(unsigned mask, int predicate,
                                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::ballot(mask, predicate, {"__any_sync", where, mask}) != 0;
}
T2T_DEVICE_INLINE int __all_sync(unsigned mask, int predicate,
                                 t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::ballot(mask, predicate == 0, {"__all_sync", where, mask}) == 0;
}
T2T_DEVICE_INLINE unsigned __activemask(
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::active_mask({"__activemask", where});
}

// ---- matches ------------------------------------------------------------------------------------

/// The lanes that hold the same bits as this one.
template <typename T>
T2T_DEVICE_INLINE unsigned __match_any_sync(
    unsigned mask, T value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    using Lane = t2t::cpu_device::VoteLane<T>;
    Lane mine{value, 0, value};
    t2t::cpu_device::warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            using t2t::cpu_device::for_each_lane;
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& one) {
                for_each_lane<Lane>(arrived, payloads, [&](unsigned lane, Lane& other) {
                    if (std::memcmp(&one.value, &other.value, sizeof(T)) == 0)
                        one.result_mask |= 1u << lane;
                });
            });
        },
        &mine, {"__match_any_sync", where, mask});
    return mine.result_mask;
}
/// The mask when all lanes hold the same bits, else 0.
template <typename T>
T2T_DEVICE_INLINE unsigned __match_all_sync(
    unsigned mask, T value, int* all_equal,
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    using Lane = t2t::cpu_device::VoteLane<T>;
    Lane mine{value, 0, value};
    t2t::cpu_device::warp_collective(
        mask,
        [](unsigned arrived, void* const* payloads) {
            using t2t::cpu_device::for_each_lane;
            const Lane& first = *static_cast<const Lane*>(payloads[__builtin_ctz(arrived)]);
            bool equal = true;
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& one) {
                equal = equal && std::memcmp(&one.value, &first.value, sizeof(T)) == 0;
            });
            for_each_lane<Lane>(arrived, payloads, [&](unsigned, Lane& one) {
                one.result_mask = equal ? arrived : 0;
            });
        },
        &mine, {"__match_all_sync", where, mask});
    *all_equal = mine.result_mask != 0;
    return mine.result_mask;
}

// ---- reductions (compute capability 8.0) --------------------------------------------------------

namespace t2t::cpu_device {

struct Add {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a + b);
    }
};
struct Min {
    template <typename T>
    T operator()(T a, T b) const {
        return b < a ? b : a;
    }
};
struct Max {
    template <typename T>
    T operator()(T a, T b) const {
        return a < b ? b : a;
    }
};
struct And {
    unsigned operator()(unsigned a, unsigned b) const { return a & b; }
};
struct Or {
    unsigned operator()(unsigned a, unsigned b) const { return a | b; }
};
struct Xor {
    unsigned operator()(unsigned a, unsigned b) const { return a ^ b; }
};

}  // namespace t2t::cpu_device

T2T_DEVICE_INLINE unsigned __reduce_add_sync(
    unsigned mask, unsigned value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::Add{},
                                   {"__reduce_add_sync", where, mask});
}
T2T_DEVICE_INLINE int __reduce_add_sync(
    unsigned mask, int value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return static_cast<int>(__reduce_add_sync(mask, static_cast<unsigned>(value), where));
}
template <typename T>
T2T_DEVICE_INLINE T __reduce_min_sync(unsigned mask, T value,
                                      t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::Min{},
                                   {"__reduce_min_sync", where, mask});
}
template <typename T>
T2T_DEVICE_INLINE T __reduce_max_sync(unsigned mask, T value,
                                      t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::Max{},
                                   {"__reduce_max_sync", where, mask});
}
T2T_DEVICE_INLINE unsigned __reduce_and_sync(
    unsigned mask, unsigned value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::And{},
                                   {"__reduce_and_sync", where, mask});
}
T2T_DEVICE_INLINE unsigned __reduce_or_sync(
    unsigned mask, unsigned value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::Or{},
                                   {"__reduce_or_sync", where, mask});
}
T2T_DEVICE_INLINE unsigned __reduce_xor_sync(
    unsigned mask, unsigned value, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return t2t::cpu_device::reduce(mask, value, t2t::cpu_device::Xor{},
                                   {"__reduce_xor_sync", where, mask});
}
