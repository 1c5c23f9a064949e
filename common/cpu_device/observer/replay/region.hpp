/// @file
/// Where an address lies.
#pragma once

#include <cstdint>

namespace t2t::observer {

struct Allocation;

/// Kinds of memory that an address may lie in.
enum class Space {
    none,            ///< nowhere that a kernel may touch
    shared,          ///< an array of the block's shared memory
    shared_outside,  ///< between such arrays, or past them
    global,
    freed,
    thread_local_,  ///< a stack, or the kernel's parameters: registers and local memory of a GPU
    host,
};

/// A piece of memory that is all of one kind: an array, an allocation.
struct Region {
    Space space = Space::none;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Allocation* allocation = nullptr;  ///< of Space::global and Space::freed
    std::uint64_t first_word = 0;      ///< of Space::shared: its cells' index
    const char* name = nullptr;        ///< of Space::shared
    bool holds(std::uint64_t address, std::uint64_t bytes) const {
        return address >= begin && bytes <= end - begin && address - begin <= end - begin - bytes;
    }
};

}  // namespace t2t::observer
