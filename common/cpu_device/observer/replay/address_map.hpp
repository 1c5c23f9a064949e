/// @file
/// Which memory an address belongs to: shared memory, global memory, a thread's own, the host's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/cpu_device/observer/replay/region.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

/// The memory that kernels on this operating-system thread see.
class AddressMap {
 public:
    /// Learns where the kernels' static shared arrays lie.
    AddressMap();

    /// A block begins. @param frame kernels' stack frames on this thread's own stack lie below it
    void begin_block(const void* frame);
    /// A thread begins, on the stack that it keeps.
    void begin_thread(unsigned thread);

    Region region_of(std::uint64_t address) const;
    /// Whether an address on a stack lies on the thread's own.
    bool is_own(unsigned thread, std::uint64_t address) const;
    /// The array of the running kernel's shared memory that an address outside of all lies nearest to.
    Region nearest_shared_array(std::uint64_t address) const;
    /// Words of shared memory: the static arrays of all kernels, then the room for the dynamic one.
    std::size_t shared_words() const;

 private:
    std::optional<Region> shared_region(std::uint64_t address) const;
    Region static_array(std::uint64_t offset) const;
    std::optional<Region> own_region(std::uint64_t address) const;
    std::optional<Region> global_region(std::uint64_t address) const;

    std::uint64_t static_begin_;
    std::uint64_t static_bytes_;
    std::uint64_t dynamic_begin_ = 0;
    std::uint64_t dynamic_bytes_ = 0;
    const char* frame_ = nullptr;
    std::array<unsigned, cpu_device::most_threads> fiber_of_{};  ///< each thread's stack
};

}  // namespace t2t::observer
