#include "common/cpu_device/observer/replay/replay.hpp"

#include <algorithm>
#include <bit>

#include "common/cpu_device/observer/order/fences.hpp"

namespace t2t::observer {
namespace {

// Steps that the lanes of a warp do together, so that each waits for the others.
bool waits_for_others(Kind kind) {
    return kind == Kind::warp_sync || kind == Kind::warp_operation || kind == Kind::barrier ||
           kind == Kind::tensor;
}

}  // namespace

void Replay::run(unsigned warp, bool to_the_end) {
    const unsigned needed = to_the_end ? 0 : lanes_.running(warp);
    unsigned active = open(warp);
    while (active != 0 && (active & needed) == needed) active = walk(active);
    close();
}

// @returns the lanes that have entries
unsigned Replay::open(unsigned warp) {
    warp_ = warp;
    has_learned_ = false;
    unsigned active = 0;
    for (unsigned lane = 0; lane < lanes_.count(warp); ++lane) {
        next_[lane] = logs_.begin(thread(lane));
        end_[lane] = logs_.end(thread(lane));
        if (next_[lane] != end_[lane]) active |= 1u << lane;
    }
    return active;
}

// Replays until not all active lanes go together, or the log of one ends.
// @returns the lanes that have entries left
unsigned Replay::walk(unsigned active) {
    // As long as all go together, no lane's log ends before this many steps.
    std::ptrdiff_t steps = ThreadLogs::capacity;
    for_each_lane(active,
                  [&](unsigned lane) { steps = std::min(steps, end_[lane] - next_[lane]); });
    while (steps-- > 0) {
        const Group group = choose(active);
        step(group);
        if (group.lanes == ~0u) {
            for (const LogEntry*& entry : next_) ++entry;
        } else {
            for_each_lane(group.lanes, [&](unsigned lane) { ++next_[lane]; });
        }
        if (group.lanes != active) break;
    }
    for_each_lane(active, [&](unsigned lane) {
        if (next_[lane] == end_[lane]) active &= ~(1u << lane);
    });
    return active;
}

void Replay::close() {
    for (unsigned lane = 0; lane < lanes_.count(warp_); ++lane)
        logs_.keep_from(thread(lane), next_[lane]);
}

Replay::Group Replay::choose(unsigned active) {
    const std::uint32_t first = next_[std::countr_zero(active)]->code;
    std::uint32_t difference = 0;
    if (active == ~0u) {
        for (const LogEntry* entry : next_) difference |= entry->code ^ first;
    } else {
        for_each_lane(active, [&](unsigned lane) { difference |= next_[lane]->code ^ first; });
    }
    return difference == 0 ? Group{active, first} : choose_of_parted(active);
}

Replay::Group Replay::choose_of_parted(unsigned active) {
    if (!has_learned_) learn_control_flow();
    unsigned ready = 0;
    for_each_lane(active, [&](unsigned lane) {
        if (!waits_for_others(kind_of(next_[lane]->code))) ready |= 1u << lane;
    });
    if (ready == 0) ready = active;

    std::array<Turn, 32> turns;
    Turn best;
    for_each_lane(ready, [&](unsigned lane) {
        turns[lane] = reconvergence_.turn(thread(lane), next_[lane]->code);
        if (turns[lane].before(best)) best = turns[lane];
    });
    Group group{0, best.code};
    for_each_lane(ready, [&](unsigned lane) {
        if (turns[lane].code == best.code && turns[lane].calls == best.calls)
            group.lanes |= 1u << lane;
    });
    return group;
}

void Replay::learn_control_flow() {
    has_learned_ = true;
    for (unsigned lane = 0; lane < lanes_.count(warp_); ++lane) {
        const bool is_cut = next_[lane] != end_[lane] && logs_.is_full(thread(lane));
        reconvergence_.learn(thread(lane), next_[lane], end_[lane], is_cut);
    }
}

void Replay::step(const Group& group) {
    const Kind kind = kind_of(group.code);
    const std::uint32_t extra = next_[std::countr_zero(group.lanes)]->extra;
    Site& here = sites_.at(group.code);
    ++here.warps;
    here.threads += static_cast<unsigned>(std::popcount(group.lanes));
    switch (kind) {
        case Kind::read:
        case Kind::write:
        case Kind::flag_read:
        case Kind::flag_write:
        case Kind::atomic:
        case Kind::async_read:
        case Kind::async_write:
            access(here, group);
            break;
        case Kind::block:
            for_each_lane(group.lanes, [&](unsigned lane) {
                reconvergence_.enter_basic_block(thread(lane), group.code);
            });
            break;
        case Kind::call:
            for_each_lane(group.lanes, [&](unsigned lane) { reconvergence_.call(thread(lane)); });
            break;
        case Kind::leave:
            for_each_lane(group.lanes, [&](unsigned lane) { reconvergence_.leave(thread(lane)); });
            break;
        case Kind::warp_sync:
            pass_warp_sync(group);
            break;
        case Kind::tensor:
            here.extra += extra;
            break;
        case Kind::narrow:
            here.extra = extra;
            break;
        case Kind::fence:
        case Kind::lock:
            pass_by(group, kind == Kind::fence ? static_cast<Scope>(extra) : Scope::none);
            break;
        case Kind::warp_operation:
        case Kind::barrier:
            break;
    }
}

void Replay::access(Site& site, const Group& group) {
    if (group.lanes == ~0u) {
        for (unsigned lane = 0; lane < 32; ++lane) addresses_[lane] = next_[lane]->address;
    } else {
        for_each_lane(group.lanes, [&](unsigned lane) { addresses_[lane] = next_[lane]->address; });
    }
    const Kind kind = kind_of(group.code);
    const std::uint32_t extra = next_[std::countr_zero(group.lanes)]->extra;
    if ((extra & in_pieces) == 0) {
        memory_.access({site, addresses_, warp_, group.lanes, kind, bytes_of(extra), next_.data()});
        return;
    }
    // Lanes may copy as many bytes as each of them likes.
    for (unsigned left = group.lanes; left != 0;) {
        const std::uint32_t size = next_[std::countr_zero(left)]->extra;
        unsigned alike = 0;
        for_each_lane(left, [&](unsigned lane) {
            if (next_[lane]->extra == size) alike |= 1u << lane;
        });
        memory_.access_pieces({site, addresses_, warp_, alike, kind, bytes_of(size)});
        left &= ~alike;
    }
}

// Fences, or locks that were taken.
void Replay::pass_by(const Group& group, Scope fence) {
    clock_.pass_by(warp_, group.lanes);
    for_each_lane(group.lanes, [&](unsigned lane) {
        const unsigned which = thread(lane);
        fences().passed({which, clock_.of_thread(which)}, {fence, next_[lane]->address});
    });
}

// Lanes that named the same mask have met each other.
void Replay::pass_warp_sync(const Group& group) {
    for (unsigned left = group.lanes; left != 0;) {
        const std::uint32_t mask = next_[std::countr_zero(left)]->extra;
        unsigned together = 0;
        for_each_lane(left, [&](unsigned lane) {
            if (next_[lane]->extra == mask) together |= 1u << lane;
        });
        clock_.pass_warp_sync(warp_, together, together == lanes_.all(warp_));
        left &= ~together;
    }
}

}  // namespace t2t::observer
