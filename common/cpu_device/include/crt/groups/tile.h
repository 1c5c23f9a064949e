/// @file
/// Tiles: neighbouring threads of a block, as many as a power of two; here those within a warp.
#pragma once

#include "crt/groups/block_group.h"
#include "crt/groups/lane_group.h"

namespace cooperative_groups {

/// `Size` neighbouring threads of `Parent`; a tile of any parent is also one of parent `void`.
template <unsigned Size, typename Parent = void>
class thread_block_tile;

/// A tile of at most a warp.
template <unsigned Size>
class warp_tile : public lane_group {
    static_assert((Size & (Size - 1)) == 0, "a tile's size is a power of two");

 public:
    warp_tile(unsigned number, unsigned count)
        : lane_group((Size == 32 ? 0xffffffffu : (1u << Size % 32) - 1)
                         << (t2t::cpu_device::lane_index() & ~(Size - 1)),
                     number, count) {}

    static constexpr unsigned num_threads() { return Size; }
    static constexpr unsigned size() { return Size; }
    static unsigned thread_rank() { return t2t::cpu_device::lane_index() % Size; }

    template <typename T>
    T shfl_xor(T value, unsigned lane_mask,
               t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __shfl_xor_sync(lanes(), value, static_cast<int>(lane_mask), Size, where);
    }
};

/// More than a warp; see wide_tile.h.
template <unsigned Size>
class wide_tile;

template <unsigned Size>
using tile_of_size = std::conditional_t<(Size <= 32), warp_tile<Size>, wide_tile<Size>>;

template <unsigned Size, typename Parent>
class thread_block_tile : public tile_of_size<Size> {
 public:
    using tile_of_size<Size>::tile_of_size;
};
template <unsigned Size>
class thread_block_tile<Size, void> : public tile_of_size<Size> {
 public:
    using tile_of_size<Size>::tile_of_size;
    template <typename Parent>
    thread_block_tile(const thread_block_tile<Size, Parent>& tile) : tile_of_size<Size>(tile) {}
};

/// The calling thread's tile of `Size` threads of `parent`, a block or a larger tile.
template <unsigned Size, typename Parent>
thread_block_tile<Size, Parent> tiled_partition(const Parent& parent) {
    return thread_block_tile<Size, Parent>(parent.thread_rank() / Size,
                                           (parent.num_threads() + Size - 1) / Size);
}

/// The calling thread alone.
inline thread_block_tile<1, void> this_thread() {
    return thread_block_tile<1, void>(0, 1);
}

/// @name Tiles whose size is known at run time
/// A power of two, at most a warp.
///@{
inline coalesced_group tiled_partition(const coalesced_group& parent, unsigned size) {
    return parent.part(size);
}
inline thread_group tiled_partition(const thread_group& parent, unsigned size) {
    if (!parent.is_block()) return coalesced_group(parent.lanes_).part(size);
    const unsigned first = t2t::cpu_device::lane_index() & ~(size - 1);
    return coalesced_group((size >= 32 ? 0xffffffffu : (1u << size) - 1) << first);
}
inline thread_group tiled_partition(const thread_block& parent, unsigned size) {
    return tiled_partition(static_cast<const thread_group&>(parent), size);
}
///@}

}  // namespace cooperative_groups
