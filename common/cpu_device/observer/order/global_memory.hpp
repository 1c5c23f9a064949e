/// @file
/// The observer's view of global memory: its allocations, what has been written, who accesses it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/cpu_device/observer/log/sparse_memory.hpp"
#include "common/cpu_device/observer/order/call_chain.hpp"
#include "common/cpu_device/observer/order/cells.hpp"

namespace t2t::observer {

/// One allocation of device memory, or a variable of the program that kernels use.
struct Allocation {
    std::uint64_t begin = 0;
    std::uint64_t bytes = 0;
    bool is_freed = false;
    CallChain allocated_by, freed_by;
    std::string variable;         ///< its name, when it is a variable of the program
    bool is_constant = false;     ///< such a variable, in constant memory
    bool host_may_touch = false;  ///< pinned or managed

    // Which bytes hold a value. One bit per byte, but not as long as none or all of them do.
    bool is_initialised = false;
    SparseMemory initialised;

    // A cell a word; made when a kernel first writes or reads here.
    SparseMemory writers, readers;

    std::uint64_t end() const { return begin + bytes; }
    bool holds(std::uint64_t address, std::uint64_t count) const {
        return address >= begin && count <= bytes && address - begin <= bytes - count;
    }
    /// The cells of a word, those that do not exist yet in `none`.
    Cell& writer(std::uint64_t word, Cell& none) const { return cell(writers, word, none); }
    Cell& reader(std::uint64_t word, Cell& none) const { return cell(readers, word, none); }
    void make_cells(bool for_writing);

    void initialise(std::uint64_t from, std::uint64_t count);
    /// The first byte of [from, from + count) that nothing has written; `from + count` when all have.
    std::uint64_t first_uninitialised(std::uint64_t from, std::uint64_t count) const;

 private:
    static Cell& cell(const SparseMemory& cells, std::uint64_t word, Cell& none) {
        return cells.data() == nullptr ? none : reinterpret_cast<Cell*>(cells.data())[word];
    }
};

/// All allocations, those of today and the latest that were freed.
class GlobalMemory {
 public:
    /// Held while allocations or their cells are used.
    std::recursive_mutex mutex;

    void allocate(std::uint64_t begin, std::uint64_t bytes, bool host_may_touch);
    void free(std::uint64_t begin);
    void initialise(std::uint64_t begin, std::uint64_t bytes);
    void copy(std::uint64_t to, std::uint64_t from, std::uint64_t bytes);
    /// Enters a variable of the program; its memory is initialised.
    Allocation* add_variable(std::uint64_t begin, std::uint64_t bytes, const std::string& name,
                             bool is_constant);
    /// The variable that ends nearest below `address`, at most `distance` bytes away; nullptr when
    /// kernels have used none there.
    Allocation* variable_below(std::uint64_t address, std::uint64_t distance);
    /// Visits all that is allocated now.
    template <typename Visit>
    void for_each_live(Visit visit) const {
        for (const auto& [begin, one] : allocations_) {
            if (!one->is_freed && one->variable.empty()) visit(*one);
        }
    }

    /// The allocation that `address` lies in, freed ones included; nullptr when there is none.
    Allocation* find(std::uint64_t address);
    /// The allocation that ends or begins nearest to `address`, at most `distance` bytes away.
    Allocation* nearest(std::uint64_t address, std::uint64_t distance);
    /// Forgets who has accessed what.
    void clear_cells();

    /// Whether an address lies between the first and the last byte that the host may touch, too.
    bool may_be_shared_with_host(std::uint64_t address) const {
        return address >= host_begin_.load(std::memory_order_relaxed) &&
               address < host_end_.load(std::memory_order_relaxed);
    }

    std::size_t bytes_in_use() const { return bytes_in_use_; }
    /// Bytes that shadow memory takes now.
    std::size_t shadow_bytes() const;

 private:
    std::map<std::uint64_t, std::unique_ptr<Allocation>> allocations_;
    std::size_t bytes_in_use_ = 0;
    std::atomic<std::uint64_t> host_begin_{~std::uint64_t{0}};
    std::atomic<std::uint64_t> host_end_{0};
};

GlobalMemory& global_memory();

}  // namespace t2t::observer
