/// @file
/// Shadow memory: who has written and who has read each word, and when. Two accesses to a word race
/// when at least one writes, not both are atomic, and nothing orders them.
///
/// Each 4-byte word has a cell for its last writer and one for its readers since. A cell is one
/// 64-bit word, so shadow memory is four times what it shadows. The idea of keeping only the last
/// write and the reads since is FastTrack's (Flanagan and Freund, PLDI 2009); a GPU's barriers make
/// it simpler, for after one all threads of a block are ordered at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/cpu_device/observer/log/marks.hpp"

namespace t2t::observer {

/// How many threads a cell stands for. Of several, the cell names one.
enum class Crowd : std::uint64_t {
    thread,
    warp,   ///< several lanes of one warp, at the same time
    block,  ///< several warps of one block
    grid,   ///< several blocks
};

/// Last write of a word, or its reads since.
struct Cell {
    std::uint64_t time : 32 = 0;    ///< when; 0: never
    std::uint64_t thread : 10 = 0;  ///< of the block
    std::uint64_t site : 11 = 0;    ///< which access of the kernel
    std::uint64_t bytes : 4 = 0;    ///< bit i: byte i of the word
    std::uint64_t apart : 1 = 0;    ///< several threads, each with bytes of its own; whose, is lost
    std::uint64_t spare : 4 = 0;    ///< not this file's; kept by updates
    /// A Crowd; of a writer, `grid` stands for an atomic, and `block` for one of block scope.
    std::uint64_t crowd_bits : 2 = 0;

    Crowd crowd() const { return static_cast<Crowd>(crowd_bits); }
    /// Of a writer: among whom it is atomic, if it is.
    Scope atomic() const {
        return crowd() == Crowd::grid    ? Scope::device
               : crowd() == Crowd::block ? Scope::block
                                         : Scope::none;
    }
    unsigned warp() const { return thread / 32; }
    /// Whether a thread that accesses `mask` meets bytes of another thread than itself.
    /// @param may_be_own whether it may be one of those that the cell stands for
    bool meets(unsigned mask, bool may_be_own) const {
        if (time == 0 || (bytes & mask) == 0) return false;
        return apart == 0 || !may_be_own || (bytes & ~mask) == 0;
    }
};
static_assert(sizeof(Cell) == 8);

inline constexpr unsigned most_sites = 1u << 11;

/// One lane's access to one word.
struct WordAccess {
    std::uint32_t time;
    unsigned thread;
    unsigned site;
    unsigned bytes;  ///< mask of the word's bytes
    bool write;
    Scope atomic;  ///< of an atomic, or of a flag: a volatile write after a fence
};

/// Enters a write; see enter().
template <typename Order>
inline void enter_write(Cell& writer, const WordAccess& access, const Order& order) {
    const bool is_atomic = access.atomic != Scope::none;
    const bool was_atomic = writer.atomic() != Scope::none;
    // An atomic that follows a thread's own plain write would hide it from the other threads'.
    if (is_atomic && !was_atomic && writer.time != 0 && order.same_block(writer) &&
        writer.thread == access.thread && !order.past(writer) &&
        (access.bytes & ~unsigned(writer.bytes)) == 0) {
        return;
    }
    const bool joins = !is_atomic && !was_atomic && writer.time == access.time &&
                       writer.warp() == access.thread / 32 && (writer.bytes & access.bytes) == 0;
    const bool same = joins && writer.thread == access.thread;
    Cell made;
    made.time = access.time;
    made.thread = access.thread;
    made.site = access.site;
    made.bytes = joins ? access.bytes | unsigned(writer.bytes) : access.bytes;
    made.apart = joins && (!same || writer.apart != 0);
    made.spare = writer.spare;
    const Crowd crowd = access.atomic == Scope::device  ? Crowd::grid
                        : access.atomic == Scope::block ? Crowd::block
                        : made.apart                    ? Crowd::warp
                                                        : Crowd::thread;
    made.crowd_bits = static_cast<std::uint64_t>(crowd);
    writer = made;
}

/// Enters a read; see enter().
template <typename Order>
inline void enter_read(Cell& readers, const WordAccess& access, const Order& order) {
    Cell made;
    made.time = access.time;
    made.thread = access.thread;
    made.site = access.site;
    made.bytes = access.bytes;
    made.spare = readers.spare;
    if (readers.time != 0 && !order.before(readers, readers.crowd())) {
        // Others have read it, too, and may race with who writes next. Of several blocks the cell
        // goes on to name the one it has.
        Crowd crowd = readers.crowd();
        if (!order.same_block(readers)) {
            crowd = Crowd::grid;
        } else if (readers.warp() != access.thread / 32) {
            if (crowd < Crowd::block) crowd = Crowd::block;
        } else if (readers.thread != access.thread && crowd < Crowd::warp) {
            crowd = Crowd::warp;
        }
        if (crowd == Crowd::grid) {
            made.time = readers.time;
            made.thread = readers.thread;
            made.site = readers.site;
        }
        made.bytes = access.bytes | unsigned(readers.bytes);
        made.apart = readers.apart != 0 || (readers.bytes & access.bytes) == 0;
        made.crowd_bits = static_cast<std::uint64_t>(crowd);
    }
    readers = made;
}

/// Enters `access` in a word's two cells.
/// @tparam Order  with `bool before(const Cell&, Crowd)`, whether all that a cell stands for
///                happened before `access`; `bool past(const Cell&)`, whether a barrier of all who
///                could race came after it; and `bool same_block(const Cell&)`
/// @param conflict called with the cell of an access that races with this one, and whether it is the
///                writer's
template <typename Order, typename Conflict>
inline void enter(Cell& writer, Cell& readers, const WordAccess& access, const Order& order,
                  Conflict conflict) {
    const Scope narrower = std::min(access.atomic, writer.atomic());
    const bool both_atomic =
        narrower == Scope::device || (narrower == Scope::block && order.same_block(writer));
    const auto may_be_own = [&](const Cell& cell, Crowd crowd) {
        if (crowd > Crowd::warp) return true;
        return order.same_block(cell) && cell.warp() == access.thread / 32;
    };
    if (writer.meets(access.bytes, may_be_own(writer, Crowd::warp)) && !both_atomic &&
        !order.before(writer, writer.apart != 0 ? Crowd::warp : Crowd::thread)) {
        conflict(writer, true);
    }
    if (access.write) {
        if (readers.meets(access.bytes, may_be_own(readers, readers.crowd())) &&
            !order.before(readers, readers.crowd()))
            conflict(readers, false);
        enter_write(writer, access, order);
    } else if (access.atomic == Scope::none) {
        enter_read(readers, access, order);
    }
}

}  // namespace t2t::observer
