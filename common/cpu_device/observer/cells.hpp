/// @file
/// Shadow memory: who has written and who has read each word, and when. Two accesses to a word race
/// when at least one writes, not both are atomic, and nothing orders them.
///
/// Each 4-byte word has a cell for its last writer and one for its readers since. A cell is one
/// 64-bit word, so shadow memory is four times what it shadows. The idea of keeping only the last
/// write and the reads since is FastTrack's (Flanagan and Freund, PLDI 2009); a GPU's barriers make
/// it simpler, for after one all threads of a block are ordered at once.
#pragma once

#include <cstdint>

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
    std::uint64_t time : 32 = 0;       ///< when; 0: never
    std::uint64_t thread : 10 = 0;     ///< of the block
    std::uint64_t site : 12 = 0;       ///< which access of the kernel
    std::uint64_t bytes : 4 = 0;       ///< bit i: byte i of the word
    std::uint64_t spare : 4 = 0;       ///< not this file's; kept by updates
    std::uint64_t crowd_bits : 2 = 0;  ///< a Crowd; of a writer, `grid` stands for an atomic

    Crowd crowd() const { return static_cast<Crowd>(crowd_bits); }
    unsigned warp() const { return thread / 32; }
};
static_assert(sizeof(Cell) == 8);

inline constexpr auto atomic_writer = static_cast<std::uint64_t>(Crowd::grid);

/// One lane's access to one word.
struct WordAccess {
    std::uint32_t time;
    unsigned thread;
    unsigned site;
    unsigned bytes;  ///< mask of the word's bytes
    bool write;
    bool atomic;  ///< or of a volatile flag
};

/// Enters `access` in a word's two cells.
/// @tparam Order  with `bool before(const Cell&, Crowd)`, whether all that a cell stands for
///                happened before `access`; `bool past(const Cell&)`, whether a barrier of all who
///                could race came after it; and `bool same_block(const Cell&)`
/// @param conflict called with the cell of an access that races with this one, and whether it is the
///                writer's
template <typename Order, typename Conflict>
inline void enter(Cell& writer, Cell& readers, const WordAccess& access, const Order& order,
                  Conflict conflict) {
    const bool meets_atomic = writer.crowd_bits == atomic_writer;
    const bool several_lanes = writer.crowd() == Crowd::warp;
    if (writer.time != 0 && (writer.bytes & access.bytes) != 0 &&
        !(access.atomic && meets_atomic) &&
        !order.before(writer, several_lanes ? Crowd::warp : Crowd::thread)) {
        // Of several lanes that wrote a byte or two each, the cell does not say which wrote what.
        const bool may_be_own =
            several_lanes && order.same_block(writer) && writer.warp() == access.thread / 32;
        if (!may_be_own) conflict(writer, true);
    }
    if (access.write) {
        if (readers.time != 0 && (readers.bytes & access.bytes) != 0 &&
            !order.before(readers, readers.crowd())) {
            conflict(readers, false);
        }
        // An atomic that follows a thread's own plain write would hide it from the other threads'.
        if (access.atomic && !meets_atomic && writer.time != 0 && order.same_block(writer) &&
            writer.thread == access.thread && !order.past(writer) &&
            (access.bytes & ~unsigned(writer.bytes)) == 0) {
            return;
        }
        const bool joins = !access.atomic && writer.time == access.time && !meets_atomic &&
                           writer.warp() == access.thread / 32 &&
                           (writer.bytes & access.bytes) == 0;
        const unsigned bytes = joins ? access.bytes | unsigned(writer.bytes) : access.bytes;
        const auto how = access.atomic ? Crowd::grid : joins ? Crowd::warp : Crowd::thread;
        writer = {access.time, access.thread, access.site,
                  bytes,       writer.spare,  static_cast<std::uint64_t>(how)};
    } else if (!access.atomic) {
        Crowd crowd = Crowd::thread;
        unsigned bytes = access.bytes;
        if (readers.time != 0 && !order.before(readers, readers.crowd())) {
            bytes |= unsigned(readers.bytes);
            crowd = readers.crowd();
            if (!order.same_block(readers)) {
                crowd = Crowd::grid;
            } else if (readers.warp() != access.thread / 32) {
                if (crowd < Crowd::block) crowd = Crowd::block;
            } else if (readers.thread != access.thread && crowd < Crowd::warp) {
                crowd = Crowd::warp;
            }
        }
        readers = {access.time, access.thread, access.site,
                   bytes,       readers.spare, static_cast<std::uint64_t>(crowd)};
    }
}

}  // namespace t2t::observer
