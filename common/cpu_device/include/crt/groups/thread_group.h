/// @file
/// cooperative_groups::thread_group: any group, when a function does not care which.
#pragma once

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/synchronization.hpp"
#include "common/cpu_device/runtime/workers.hpp"

namespace cooperative_groups {

/// A group of threads of which only the common part is known: its size, a thread's rank, and how to
/// wait for it. Blocks, grids, tiles and coalesced groups are all passed as one, by value or by
/// reference.
class thread_group {
 public:
    unsigned long long num_threads() const {
        switch (kind_) {
            case Kind::block:
                return block_threads();
            case Kind::grid:
                return grid_blocks() * block_threads();
            case Kind::lanes:
                break;
        }
        return count_of(lanes_);
    }
    unsigned long long size() const { return num_threads(); }
    /// The calling thread's number in the group, from 0.
    unsigned long long thread_rank() const {
        switch (kind_) {
            case Kind::block:
                return t2t::cpu_device::linear_thread();
            case Kind::grid:
                return block_number() * block_threads() + t2t::cpu_device::linear_thread();
            case Kind::lanes:
                break;
        }
        return rank_of(t2t::cpu_device::lane_index(), lanes_);
    }
    void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        switch (kind_) {
            case Kind::block:
                return __syncthreads(where);
            case Kind::grid:
                return sync_grid(where);
            case Kind::lanes:
                return __syncwarp(lanes_, where);
        }
    }

 protected:
    enum class Kind { block, grid, lanes };

    explicit thread_group(Kind kind) : kind_(kind) {}
    /// @param lanes of the calling thread's warp
    explicit thread_group(unsigned lanes) : kind_(Kind::lanes), lanes_(lanes) {}

    static unsigned block_threads() { return blockDim.x * blockDim.y * blockDim.z; }
    static unsigned long long grid_blocks() {
        return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z;
    }
    /// The calling thread's block, x fastest.
    static unsigned long long block_number() {
        return blockIdx.x +
               gridDim.x * (blockIdx.y + static_cast<unsigned long long>(gridDim.y) * blockIdx.z);
    }
    static void sync_grid(t2t::SourceLocation where) {
        t2t::observer::mark(t2t::observer::Kind::barrier);
        t2t::cpu_device::grid_barrier({"grid.sync", where});
    }
    static unsigned count_of(unsigned lanes) {
        return static_cast<unsigned>(__builtin_popcount(lanes));
    }
    /// How many of `lanes` come before `lane`.
    static unsigned rank_of(unsigned lane, unsigned lanes) {
        return count_of(lanes & ((1u << lane) - 1));
    }
    /// The lanes that have the ranks [first, first + count) among `lanes`.
    static unsigned lanes_of_ranks(unsigned lanes, unsigned first, unsigned count) {
        unsigned chosen = 0;
        unsigned rank = 0;
        for (unsigned rest = lanes; rest != 0; rest &= rest - 1, ++rank) {
            if (rank >= first && rank < first + count) chosen |= rest & -rest;
        }
        return chosen;
    }
    bool is_block() const { return kind_ == Kind::block; }
    unsigned lanes() const { return lanes_; }

 private:
    friend thread_group tiled_partition(const thread_group& parent, unsigned size);

    Kind kind_;
    unsigned lanes_ = 0;
};

}  // namespace cooperative_groups
