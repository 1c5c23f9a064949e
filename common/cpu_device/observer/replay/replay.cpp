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
    std::ptrdiff_t left = ThreadLogs::capacity;
    for_each_lane(active, [&](unsigned lane) { left = std::min(left, end_[lane] - next_[lane]); });
    while (left > 0) {
        const std::ptrdiff_t steps = std::min(steps_together(active), left);
        if (steps == 0) {
            const Group group = choose(active);
            go_together(group.lanes, steps_of_chosen(group));
            break;
        }
        go_together(active, steps);
        left -= steps;
    }
    for_each_lane(active, [&](unsigned lane) {
        if (next_[lane] == end_[lane]) active &= ~(1u << lane);
    });
    return active;
}

void Replay::close() {
    const unsigned count = lanes_.count(warp_);
    for (unsigned lane = 0; lane < count; ++lane) logs_.keep_from(thread(lane), next_[lane]);
    logs_.give_back_room(warp_, count);
}

// How many of the next steps the lanes do together: at most `window`, and perhaps past the end of a
// log. Each lane's log is compared with the first lane's by itself, many entries at once: to look
// at all lanes for each step takes several times as long.
std::ptrdiff_t Replay::steps_together(unsigned active) const {
    constexpr std::size_t window = 16;
    static_assert(window <= ThreadLogs::readable_past_end);
    constexpr std::size_t words = 2;  // of an entry; the code is the lower half of the second
    static_assert(sizeof(LogEntry) == words * sizeof(std::uint64_t));
    const auto words_of = [](const LogEntry* entry) {
        return reinterpret_cast<const std::uint64_t*>(entry);
    };
    // Lanes that have parted mostly stay so for a while.
    const std::uint32_t code = next_[std::countr_zero(active)]->code;
    bool is_one = true;
    for_each_lane(active, [&](unsigned lane) { is_one = is_one && next_[lane]->code == code; });
    if (!is_one) return 0;
    std::array<std::uint64_t, words * window> difference{};  // a bit is set where two lanes differ
    const std::uint64_t* first = words_of(next_[std::countr_zero(active)]);
    for_each_lane(active & (active - 1), [&](unsigned lane) {
        const std::uint64_t* other = words_of(next_[lane]);
        for (std::size_t i = 0; i < words * window; ++i) difference[i] |= other[i] ^ first[i];
    });
    std::size_t steps = 0;
    while (steps < window && static_cast<std::uint32_t>(difference[words * steps + 1]) == 0)
        ++steps;
    return static_cast<std::ptrdiff_t>(steps);
}

// The next `steps` steps, of all active lanes.
void Replay::go_together(unsigned active, std::ptrdiff_t steps) {
    const LogEntry* entry = next_[std::countr_zero(active)];
    std::uint32_t basic_block = ControlFlow::end;  // which they are in and have not been told of
    const auto tell_basic_block = [&] {
        if (basic_block == ControlFlow::end) return;
        enter_basic_block({active, basic_block});
        basic_block = ControlFlow::end;
    };
    for (step_ = 0; step_ < steps; ++step_, ++entry) {
        const Kind kind = kind_of(entry->code);
        if (kind == Kind::call || kind == Kind::leave) tell_basic_block();
        step({active, entry->code});
        // Half of all entries are basic blocks: the lanes are told when it matters.
        if (kind == Kind::block) basic_block = entry->code;
    }
    tell_basic_block();
    step_ = 0;
    for_each_lane(active, [&](unsigned lane) { next_[lane] += steps; });
}

// Of lanes that do not go together those whose turn it is.
Replay::Group Replay::choose(unsigned active) {
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
    Group group{0, best.code, true};
    for_each_lane(ready, [&](unsigned lane) {
        if (turns[lane].code == best.code && turns[lane].calls == best.calls) {
            group.lanes |= 1u << lane;
        } else if (!best.is_sooner(turns[lane])) {
            group.leads = false;
        }
    });
    return group;
}

// How many steps the chosen lanes do before it may be another's turn. Lanes that come before all
// others do so until the end of their basic block.
std::ptrdiff_t Replay::steps_of_chosen(const Group& group) const {
    const auto stays = [](Kind kind) { return kind >= Kind::read && kind <= Kind::async_write; };
    const LogEntry* entry = next_[std::countr_zero(group.lanes)];
    const Kind first = kind_of(entry->code);
    if (!group.leads || (first != Kind::block && !stays(first))) return 1;
    std::ptrdiff_t left = steps_together(group.lanes);
    for_each_lane(group.lanes,
                  [&](unsigned lane) { left = std::min(left, end_[lane] - next_[lane]); });
    std::ptrdiff_t steps = 1;
    while (steps < left && stays(kind_of(entry[steps].code))) ++steps;
    return steps;
}

void Replay::learn_control_flow() {
    has_learned_ = true;
    for (unsigned lane = 0; lane < lanes_.count(warp_); ++lane) {
        const bool is_cut = next_[lane] != end_[lane] && logs_.is_full(thread(lane));
        reconvergence_.learn(thread(lane), next_[lane], end_[lane], is_cut);
    }
}

Site& Replay::count(const Group& group) {
    Site& here = sites_.at(group.code);
    ++here.warps;
    here.threads += static_cast<unsigned>(std::popcount(group.lanes));
    return here;
}

void Replay::enter_basic_block(const Group& group) {
    for_each_lane(group.lanes, [&](unsigned lane) {
        reconvergence_.enter_basic_block(thread(lane), group.code);
    });
}

void Replay::step(const Group& group) {
    const Kind kind = kind_of(group.code);
    const std::uint32_t extra = entry(static_cast<unsigned>(std::countr_zero(group.lanes))).extra;
    Site& here = count(group);
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
        case Kind::block:  // see go_together()
            break;
    }
}

void Replay::access(Site& site, const Group& group) {
    if (group.lanes == ~0u) {
        for (unsigned lane = 0; lane < 32; ++lane) addresses_[lane] = entry(lane).address;
    } else {
        for_each_lane(group.lanes, [&](unsigned lane) { addresses_[lane] = entry(lane).address; });
    }
    const Kind kind = kind_of(group.code);
    const std::uint32_t extra = entry(static_cast<unsigned>(std::countr_zero(group.lanes))).extra;
    if ((extra & in_pieces) == 0) {
        memory_.access(
            {site, addresses_, warp_, group.lanes, kind, bytes_of(extra), next_.data(), step_});
        return;
    }
    // Lanes may copy as many bytes as each of them likes.
    for (unsigned left = group.lanes; left != 0;) {
        const std::uint32_t size = entry(static_cast<unsigned>(std::countr_zero(left))).extra;
        unsigned alike = 0;
        for_each_lane(left, [&](unsigned lane) {
            if (entry(lane).extra == size) alike |= 1u << lane;
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
        fences().passed({which, clock_.of_thread(which)}, {fence, entry(lane).address});
    });
}

// Lanes that named the same mask have met each other.
void Replay::pass_warp_sync(const Group& group) {
    for (unsigned left = group.lanes; left != 0;) {
        const std::uint32_t mask = entry(static_cast<unsigned>(std::countr_zero(left))).extra;
        unsigned together = 0;
        for_each_lane(left, [&](unsigned lane) {
            if (entry(lane).extra == mask) together |= 1u << lane;
        });
        clock_.pass_warp_sync(warp_, together, together == lanes_.all(warp_));
        left &= ~together;
    }
}

}  // namespace t2t::observer
