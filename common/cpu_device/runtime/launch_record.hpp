/// @file
/// One launch as the workers see it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "common/cpu_device/include/driver_types.h"
#include "common/cpu_device/include/vector_types.h"

namespace t2t::cpu_device {

/// Runs the current block's unstarted threads; see run_unstarted_threads.
using Runner = void (*)(const void* body);

/// The pointers among a launch's arguments, where they lie.
struct PointerList {
    const void* const* first = nullptr;  ///< [count]
    std::size_t count = 0;

    const void* const* begin() const { return first; }
    const void* const* end() const { return first + count; }
};

/// A kernel, its grid, and how far the workers have come with it.
struct LaunchRecord {
    const char* kernel = "";  ///< as written in the launch, for messages
    dim3 grid;
    dim3 block;
    std::size_t shared_bytes = 0;  ///< dynamic shared memory of a block
    Runner runner = nullptr;
    const void* body = nullptr;
    std::size_t body_bytes = 0;
    const void* address = nullptr;  ///< the kernel's, or nullptr
    PointerList pointers;           ///< its arguments; null those that are no pointers
    bool cooperative = false;  ///< every block is resident at once, so the grid may synchronise

    std::atomic<std::uint64_t> next_block{0};
    std::atomic<bool> cancelled{false};  ///< a fault happened; start no more blocks

    std::mutex fault_mutex;
    cudaError_t fault = cudaSuccess;  ///< the first fault
    std::string fault_detail;

    std::uint64_t blocks() const { return std::uint64_t{grid.x} * grid.y * grid.z; }
    unsigned threads() const { return block.x * block.y * block.z; }
};

}  // namespace t2t::cpu_device
