/// @file
/// Tiles of several warps: 64, 128, 256 or 512 threads.
#pragma once

#include "common/cpu_device/runtime/atomics.hpp"
#include "common/cpu_device/runtime/wide_tiles.hpp"
#include "crt/groups/tile.h"

namespace cooperative_groups {

/// `Size` neighbouring threads of a block, in whole warps.
template <unsigned Size>
class wide_tile {
    static_assert(Size <= 512 && (Size & (Size - 1)) == 0,
                  "a tile has up to 512 threads, as many as a power of two");

 public:
    wide_tile(unsigned number, unsigned count)
        : first_(t2t::cpu_device::linear_thread() & ~(Size - 1)), number_(number), count_(count) {}

    static constexpr unsigned num_threads() { return Size; }
    static constexpr unsigned size() { return Size; }
    static unsigned thread_rank() { return t2t::cpu_device::linear_thread() % Size; }
    unsigned meta_group_rank() const { return number_; }
    unsigned meta_group_size() const { return count_; }

    /// Waits for all warps of the tile: one lane of each counts its warp in, and asks until all are.
    T2T_DEVICE_INLINE void sync(t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        __syncwarp(0xffffffffu, where);
        if (t2t::cpu_device::lane_index() == 0) {
            unsigned* arrivals = t2t::cpu_device::wide_tile_arrivals(first_);
            __threadfence_block();
            const unsigned round = atomicAdd(arrivals, 1u) / warps;
            while (atomicAdd(arrivals, 0u) / warps == round) t2t::cpu_device::yield_thread();
            __threadfence_block();
        }
        __syncwarp(0xffffffffu, where);
    }

    template <typename T>
    T shfl(T value, unsigned rank,
           t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        T result{};
        exchange(
            value, [&](const T* const* values) { result = *values[first_ + rank % Size]; }, where);
        return result;
    }
    int any(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return count_if(predicate, where) != 0;
    }
    int all(int predicate, t2t::SourceLocation where = t2t::SourceLocation::current()) const {
        return count_if(predicate, where) == Size;
    }

    /// Shows each thread the values of all: `read` gets a table with the address of each thread's.
    /// (Not CUDA's; for what is built on tiles.)
    template <typename T, typename Read>
    void exchange(const T& value, Read read, t2t::SourceLocation where) const {
        const void** values = t2t::cpu_device::wide_tile_values();
        values[t2t::cpu_device::linear_thread()] = &value;
        sync(where);
        {
            const t2t::observer::Pause the_devices_work;
            read(reinterpret_cast<const T* const*>(values));
        }
        sync(where);
    }
    /// The block's thread that has rank 0.
    unsigned first_thread() const { return first_; }

 private:
    static constexpr unsigned warps = Size / 32;

    unsigned count_if(int predicate, t2t::SourceLocation where) const {
        unsigned count = 0;
        exchange(
            predicate,
            [&](const int* const* values) {
                for (unsigned rank = 0; rank < Size; ++rank) count += *values[first_ + rank] != 0;
            },
            where);
        return count;
    }

    unsigned first_;
    unsigned number_;
    unsigned count_;
};

}  // namespace cooperative_groups
