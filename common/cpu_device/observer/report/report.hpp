/// @file
/// What the observer saw: faults, and the memory traffic of every source line, in the units that
/// Nsight Compute counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cpu_device/include/vector_types.h"
#include "common/cpu_device/observer/program/flops.hpp"
#include "common/cpu_device/observer/program/source_line.hpp"

namespace t2t::observer {

// ---- faults -------------------------------------------------------------------------------------

/// The kinds of fault. fault_name() gives each a name for people and machines.
enum class FaultKind {
    shared_race,           ///< two threads of a block, one word, no barrier between
    global_race_in_block,  ///< the same in global memory
    global_race,           ///< two blocks, one word of global memory
    stream_race,           ///< two streams, or a stream and the host, one word, and nothing waits
    same_value_race,       ///< threads that nothing orders store one and the same value in a word
    out_of_bounds,         ///< global memory outside every allocation
    shared_out_of_bounds,  ///< shared memory outside every array of the kernel
    index_out_of_bounds,   ///< an index past the end of an array, local, shared or constant
    use_after_free,        ///< global memory that has been freed
    uninitialised_global,  ///< a read of global memory that nothing has written
    uninitialised_shared,  ///< a read of shared memory that the block has not written
    misaligned,            ///< a vector access whose address is no multiple of its size
    host_pointer,          ///< memory of the host, read or written by a kernel
    constant_store,        ///< a kernel writes to __constant__ memory
    local_of_another_thread,  ///< a thread follows the address of another thread's local variable
    divergent_barrier,        ///< a block-wide barrier that not every thread of the block reaches
    trap,                     ///< the kernel ended with a CUDA error; `what` says which
};

/// A thread in a grid.
struct ThreadPlace {
    uint3 block{0, 0, 0};
    uint3 thread{0, 0, 0};
};

/// One kind of mistake at one place, however often it happened.
struct Fault {
    FaultKind kind{};
    std::string kernel;  ///< its name, without namespace and parameters; of a stream_race that the
                         ///< host or a copy came to: the function of the host
    SourceLine where;    ///< the access or barrier
    std::optional<SourceLine> other;          ///< of a race: the access that it meets
    ThreadPlace thread;                       ///< who was seen first
    std::optional<ThreadPlace> other_thread;  ///< of a race: whom it met
    std::string what;   ///< one sentence: who does what to which address relative to its allocation
    std::string cause;  ///< one sentence: the usual cause, and what to do
    std::uint64_t count = 1;  ///< how often this kind was seen at this place

    /// `what`, places and cause as a person reads them, in a few lines.
    std::string message() const;
};

/// `shared_race` and so on: the kind as a word that does not change.
const char* fault_name(FaultKind kind);

// ---- traffic ------------------------------------------------------------------------------------

/// Loads or stores of global memory.
struct GlobalTraffic {
    std::uint64_t requests = 0;     ///< instructions of a warp
    std::uint64_t sectors = 0;      ///< 32-byte pieces that they touched
    std::uint64_t threads = 0;      ///< lanes that took part, summed over the requests
    std::uint64_t bytes_asked = 0;  ///< what the lanes asked for

    std::uint64_t bytes_moved() const { return 32 * sectors; }
    /// Sectors per request; 0 when there was none.
    double sectors_per_request() const { return requests == 0 ? 0 : double(sectors) / requests; }
    /// Bytes asked for each byte moved, at most 1 unless lanes share a sector's bytes.
    double efficiency() const { return sectors == 0 ? 0 : double(bytes_asked) / bytes_moved(); }
    GlobalTraffic& operator+=(const GlobalTraffic& more);
};

/// Loads or stores of shared memory.
struct SharedTraffic {
    std::uint64_t requests = 0;      ///< instructions of a warp
    std::uint64_t passes = 0;        ///< times the 32 banks had to be gone through for them
    std::uint64_t least_passes = 0;  ///< what the same bytes would take without conflicts
    std::uint64_t threads = 0;
    std::uint64_t bytes_asked = 0;

    double passes_per_request() const { return requests == 0 ? 0 : double(passes) / requests; }
    std::uint64_t conflicts() const { return passes - least_passes; }
    SharedTraffic& operator+=(const SharedTraffic& more);
};

/// Atomic operations on global or shared memory.
struct AtomicTraffic {
    std::uint64_t requests = 0;  ///< instructions of a warp
    std::uint64_t threads = 0;   ///< single operations
    /// Rounds they took: lanes of a request with the same address, in shared memory with the same
    /// bank, go one after the other.
    std::uint64_t rounds = 0;

    std::uint64_t conflicts() const { return rounds - requests; }
    AtomicTraffic& operator+=(const AtomicTraffic& more);
};

/// All that is counted for a line, a kernel or a whole run.
struct Traffic {
    GlobalTraffic global_load, global_store;
    SharedTraffic shared_load, shared_store;
    AtomicTraffic global_atomic, shared_atomic;
    std::uint64_t barriers = 0;         ///< block-wide, counted once per warp
    std::uint64_t warp_operations = 0;  ///< __syncwarp, shuffles, votes, mma, counted once per warp
    std::uint64_t warp_instructions = 0;    ///< machine instructions, each counted once per warp
    std::uint64_t thread_instructions = 0;  ///< the same, counted once per lane that takes part
    /// Arithmetic, like instructions, is counted at the line where its basic block begins.
    Flops fp64, fp32, fp16, bf16;
    std::uint64_t tensor_flops = 0;  ///< of mma and wmma
    std::uint64_t l2_bytes = 0;  ///< sectors that an L2 of l2_size() would have to fetch or keep

    /// Mean lanes that take part in an instruction, 32 when no warp diverges.
    double active_lanes() const {
        return warp_instructions == 0 ? 0 : double(thread_instructions) / warp_instructions;
    }
    std::uint64_t bytes_moved() const {
        return global_load.bytes_moved() + global_store.bytes_moved();
    }
    std::uint64_t flops() const {
        return fp64.total() + fp32.total() + fp16.total() + bf16.total() + tensor_flops;
    }
    /// Operations for each byte that an L2 of l2_size() fetches or keeps: what a roofline asks for.
    double intensity() const { return l2_bytes == 0 ? 0 : double(flops()) / l2_bytes; }
    Traffic& operator+=(const Traffic& more);
};

/// The L2 that `l2_bytes` is estimated for, in bytes: an H200's, by its cudaDevAttrL2CacheSize.
constexpr std::size_t l2_size() {
    return std::size_t{60} << 20;
}

/// Traffic of one source line.
struct LineTraffic {
    SourceLine where;
    Traffic traffic;
};

/// One warp request as it was: for pictures. The request with the most lanes is kept, the first of
/// those.
struct Request {
    SourceLine where;
    bool shared = false;  ///< else global memory
    bool store = false;
    bool atomic = false;
    unsigned bytes = 0;  ///< of a lane: 1, 2, 4, 8 or 16
    unsigned lanes = 0;  ///< bit i: lane i takes part
    /// Address of each lane that takes part, in bytes from the start of the array or allocation,
    /// whose own address is a multiple of 128.
    std::array<std::int64_t, 32> offset{};
    std::string memory;         ///< name of the array or of the kernel's parameter; may be empty
    std::uint64_t sectors = 0;  ///< of global memory
    std::uint64_t passes = 0;   ///< of shared memory
    ThreadPlace warp;           ///< its first thread
};

/// All launches of one kernel with one configuration.
struct KernelReport {
    std::string kernel;     ///< its name, without namespace and parameters
    SourceLine definition;  ///< of the function
    dim3 grid, block;
    std::size_t shared_bytes = 0;  ///< dynamic, a block
    std::uint64_t launches = 0;
    Traffic total;
    std::vector<LineTraffic> lines;  ///< in the order of files and lines
    std::vector<Request> requests;   ///< one for each line and kind of access
};

/// What observe() returns.
struct Report {
    std::vector<KernelReport> kernels;  ///< in the order of their first launch
    std::vector<Fault> faults;          ///< by kernel, file and line, causes before consequences
    std::size_t device_bytes = 0;       ///< most device memory in use at once
    std::size_t shadow_bytes = 0;       ///< most memory that the observer kept about it

    bool clean() const { return faults.empty(); }
    /// Every fault's message, one after the other.
    std::string faults_text() const;
    Traffic total() const;
};

}  // namespace t2t::observer
