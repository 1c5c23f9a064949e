/// @file
/// CUDA's cooperative groups on the CPU device: the block, tiles of a warp, lanes that have
/// converged, the grid.
#pragma once

#include "cuda_runtime.h"

#include "common/cpu_device/runtime/workers.hpp"

namespace cooperative_groups {

/// All threads of a block.
class thread_block {
 public:
    static void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) {
        __syncthreads(where);
    }
    static unsigned thread_rank() { return t2t::cpu_device::linear_thread(); }
    static unsigned num_threads() { return blockDim.x * blockDim.y * blockDim.z; }
    static unsigned size() { return num_threads(); }
    static dim3 group_index() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }
    static dim3 thread_index() { return {threadIdx.x, threadIdx.y, threadIdx.z}; }
    static dim3 group_dim() { return blockDim; }
    static dim3 dim_threads() { return blockDim; }
};
inline thread_block this_thread_block() {
    return {};
}

/// All threads of a grid that was launched with cudaLaunchCooperativeKernel.
class grid_group {
 public:
    static bool is_valid() { return t2t::cpu_device::is_cooperative_launch(); }
    static void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) {
        t2t::observer::mark(t2t::observer::Kind::barrier);
        t2t::cpu_device::grid_barrier({"grid.sync", where});
    }
    static unsigned long long thread_rank() {
        return block_rank() * thread_block::num_threads() + thread_block::thread_rank();
    }
    static unsigned long long num_threads() { return num_blocks() * thread_block::num_threads(); }
    static unsigned long long size() { return num_threads(); }
    static unsigned long long block_rank() {
        return blockIdx.x +
               static_cast<unsigned long long>(gridDim.x) * (blockIdx.y + gridDim.y * blockIdx.z);
    }
    static unsigned long long num_blocks() {
        return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z;
    }
    static dim3 group_dim() { return gridDim; }
    static dim3 dim_blocks() { return gridDim; }
    static dim3 block_index() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }
};
inline grid_group this_grid() {
    return {};
}

/// What groups within a warp share: a mask of lanes, and operations among them.
class lane_group {
 public:
    void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        __syncwarp(mask_, where);
    }
    unsigned thread_rank() const {
        return static_cast<unsigned>(
            __builtin_popcount(mask_ & ((1u << t2t::cpu_device::lane_index()) - 1)));
    }
    unsigned num_threads() const { return static_cast<unsigned>(__builtin_popcount(mask_)); }
    unsigned size() const { return num_threads(); }

    template <typename T>
    T shfl(T value, int rank, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return t2t::cpu_device::shuffle(mask_, value, lane_of(static_cast<unsigned>(rank) % size()),
                                        {"group.shfl", where, mask_});
    }
    template <typename T>
    T shfl_up(T value, unsigned delta,
              t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        const unsigned rank = thread_rank();
        return t2t::cpu_device::shuffle(mask_, value, lane_of(delta <= rank ? rank - delta : rank),
                                        {"group.shfl_up", where, mask_});
    }
    template <typename T>
    T shfl_down(T value, unsigned delta,
                t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        const unsigned rank = thread_rank();
        return t2t::cpu_device::shuffle(mask_, value,
                                        lane_of(delta < size() - rank ? rank + delta : rank),
                                        {"group.shfl_down", where, mask_});
    }
    int any(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __any_sync(mask_, predicate, where);
    }
    int all(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __all_sync(mask_, predicate, where);
    }
    /// Bits count ranks of the group, not lanes of the warp.
    unsigned ballot(int predicate,
                    t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__ballot_sync(mask_, predicate, where));
    }
    template <typename T>
    unsigned match_any(T value, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__match_any_sync(mask_, value, where));
    }
    template <typename T>
    unsigned match_all(T value, int& all_equal,
                       t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return ranks_of(__match_all_sync(mask_, value, &all_equal, where));
    }

 protected:
    explicit lane_group(unsigned mask) : mask_(mask) {}
    unsigned mask() const { return mask_; }

    /// The lane that has the given rank in the group.
    unsigned lane_of(unsigned rank) const {
        unsigned rest = mask_;
        for (; rank > 0; --rank) rest &= rest - 1;
        return static_cast<unsigned>(__builtin_ctz(rest));
    }

 private:
    unsigned ranks_of(unsigned lanes) const {
        unsigned ranks = 0;
        unsigned rank = 0;
        for (unsigned rest = mask_; rest != 0; rest &= rest - 1, ++rank) {
            if ((lanes & rest & -rest) != 0) ranks |= 1u << rank;
        }
        return ranks;
    }

    unsigned mask_;
};

/// Lanes of a warp that run together at this moment.
class coalesced_group : public lane_group {
 public:
    explicit coalesced_group(unsigned mask) : lane_group(mask) {}
    unsigned meta_group_rank() const { return 0; }
    unsigned meta_group_size() const { return 1; }
};
inline coalesced_group coalesced_threads(
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    return coalesced_group(__activemask(where));
}

/// `Size` neighbouring threads of a block; a power of two, at most a warp.
template <unsigned Size, typename Parent = thread_block>
class thread_block_tile : public lane_group {
    static_assert(Size <= 32 && (Size & (Size - 1)) == 0,
                  "a tile has 1, 2, 4, 8, 16 or 32 threads");

 public:
    explicit thread_block_tile(unsigned rank_in_parent, unsigned parent_size)
        : lane_group((Size == 32 ? 0xffffffffu : (1u << Size % 32) - 1)
                     << (t2t::cpu_device::lane_index() & ~(Size - 1))),
          number_(rank_in_parent / Size),
          count_((parent_size + Size - 1) / Size) {}

    static constexpr unsigned num_threads() { return Size; }
    static constexpr unsigned size() { return Size; }
    unsigned thread_rank() const { return t2t::cpu_device::lane_index() % Size; }
    unsigned meta_group_rank() const { return number_; }
    unsigned meta_group_size() const { return count_; }

    template <typename T>
    T shfl_xor(T value, unsigned lane_mask,
               t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return __shfl_xor_sync(mask(), value, static_cast<int>(lane_mask), Size, where);
    }

 private:
    unsigned number_;
    unsigned count_;
};
template <unsigned Size, typename Parent>
thread_block_tile<Size, Parent> tiled_partition(const Parent& parent) {
    return thread_block_tile<Size, Parent>(parent.thread_rank(), parent.size());
}

template <typename Group>
void sync(const Group& group, t2t::SourceLocation where = t2t::SourceLocation::current()) {
    group.sync(where);
}

}  // namespace cooperative_groups
