#include "common/cpu_device/observer/report/words.hpp"

#include "common/cpu_device/observer/log/access_log.hpp"

namespace t2t::observer {
namespace {

// 4,096
std::string number(std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return digits;
}

std::string bytes(std::uint64_t count) {
    return number(count) + (count == 1 ? " byte" : " bytes");
}

std::string file_and_line(const SourceLine& line) {
    return line.file + ":" + std::to_string(line.line);
}

bool writes(const SeenFault& fault) {
    const Kind kind = kind_of(fault.code);
    return kind == Kind::write || kind == Kind::flag_write || kind == Kind::async_write;
}

bool is_volatile(std::uint32_t code) {
    return kind_of(code) == Kind::flag_read || kind_of(code) == Kind::flag_write;
}

std::string verb(const SeenFault& fault) {
    if (kind_of(fault.code) == Kind::atomic) return "changes atomically ";
    return writes(fault) ? "writes " : "reads ";
}

// `out` (4,096 bytes, allocated at file:31)
std::string memory_of(const SeenFault& fault, const FaultWords& words) {
    if (fault.region.space == Space::shared) {
        const std::string name = fault.region.name == nullptr
                                     ? "dynamic shared memory"
                                     : "the shared array `" + std::string(fault.region.name) + "`";
        return name + " (" + bytes(fault.region.end - fault.region.begin) + ")";
    }
    std::string name = !fault.variable.empty() ? "the variable `" + fault.variable + "`"
                       : !words.memory.empty() ? "`" + words.memory + "`"
                                               : "an allocation";
    name += " (" + bytes(fault.memory_bytes);
    if (words.allocated.line != 0) name += ", allocated at " + file_and_line(words.allocated);
    if (words.freed.line != 0) name += ", freed at " + file_and_line(words.freed);
    return name + ")";
}

// Where the access lies, seen from the memory it was meant for.
std::string position(const SeenFault& fault, const FaultWords& words) {
    const bool shared = fault.region.space == Space::shared;
    if (!shared && !fault.has_memory) {
        if (fault.address == 0) return "at address 0, a null pointer";
        return fault.region.space == Space::shared_outside
                   ? "in shared memory, outside every array of the kernel"
                   : "far from every allocation";
    }
    const std::uint64_t begin = shared ? fault.region.begin : fault.memory_begin;
    const std::uint64_t end = shared ? fault.region.end : fault.memory_begin + fault.memory_bytes;
    const std::string memory = memory_of(fault, words);
    if (fault.address >= end) return bytes(fault.address - end) + " past " + memory;
    if (fault.address < begin) return bytes(begin - fault.address) + " before " + memory;
    if (fault.address + fault.bytes > end) {
        return "the last " + bytes(fault.address + fault.bytes - end) + " of them past " + memory;
    }
    return bytes(fault.address - begin) + " into " + memory;
}

}  // namespace

std::string what_happened(const SeenFault& fault, const FaultWords& words) {
    const bool knows_memory = fault.has_memory || fault.region.space == Space::shared;
    if (!fault.detail.empty() && !knows_memory) return fault.detail;
    const std::string access = verb(fault) + bytes(fault.bytes);
    if (fault.kind == FaultKind::host_pointer)
        return access + " of the host's memory, which a GPU cannot reach";
    if (fault.kind == FaultKind::local_of_another_thread)
        return access + " of a local variable of another thread";
    const std::string text = access + ", " + position(fault, words);
    if (fault.kind != FaultKind::stream_race) return text;
    return text + "; " + words.other_work + (fault.other_operation_writes ? " writes" : " reads") +
           " them, and " +
           (fault.is_host ? "the host has not waited for it"
                          : "no order is between the two streams");
}

std::string usual_cause(const SeenFault& seen, const Fault& fault, const FaultWords& words) {
    const bool same_line = fault.other && fault.other->line == fault.where.line &&
                           fault.other->file == fault.where.file;
    const bool one_is_atomic = seen.knows_other && (kind_of(seen.code) == Kind::atomic) !=
                                                       (kind_of(seen.other_code) == Kind::atomic);
    const std::string use_atomic =
        "Several threads change the same word: use an atomic such as atomicAdd, or let one thread "
        "do it.";
    const std::string guarded =
        words.has_atomics && fault.kind == FaultKind::global_race
            ? " If a lock guards it, the lock needs a __threadfence() after it is taken and before "
              "it is given back."
            : "";
    const std::string mixed =
        "One side is atomic and the other is not: make both atomic, or put a barrier between them.";
    const bool names_a_mask = seen.detail.find(" mask ") != std::string::npos;
    const std::string right_mask =
        "Every lane that a mask names must call the operation, and every lane that calls it must be "
        "named: make the mask before the branch, with __ballot_sync(0xffffffff, condition), or move "
        "the operation out of the branch.";
    switch (fault.kind) {
        case FaultKind::shared_race:
        case FaultKind::global_race_in_block: {
            if (one_is_atomic) return mixed;
            if (words.is_contested) return use_atomic;
            const std::string where =
                same_line ? "between what the threads read and what they write there, or between "
                            "two rounds of the loop."
                          : "between the two lines.";
            const std::string not_volatile =
                is_volatile(seen.code) || is_volatile(seen.other_code)
                    ? " volatile orders nothing: it makes the compiler access memory each time."
                    : "";
            return (words.crosses_warps ? "A __syncthreads() is missing "
                                        : "Nothing orders the lanes of a warp by itself: a "
                                          "__syncwarp() is missing ") +
                   where + not_volatile;
        }
        case FaultKind::global_race:
            if (one_is_atomic) return mixed;
            if (seen.knows_other && kind_of(seen.code) == Kind::atomic)
                return "An atomic whose name ends in _block is one within its block only: between "
                       "blocks, use it without that ending.";
            if (words.is_contested) return use_atomic + guarded;
            return "Nothing orders the blocks of a launch: give each block elements of its own, use "
                   "two launches, or publish what was written with __threadfence() and an atomic "
                   "flag.";
        case FaultKind::stream_race:
            if (seen.is_host) {
                return "A launch, an Async copy and cudaMemset may return before their work is done: "
                       "call cudaDeviceSynchronize(), or wait for the stream or for an event, before "
                       "the host touches this memory.";
            }
            return "Work in different streams may run in any order: call cudaEventRecord after the "
                   "first and cudaStreamWaitEvent before the second, or use one stream. A stream made "
                   "with cudaStreamNonBlocking does not wait for the default stream, either.";
        case FaultKind::same_value_race:
            return "All of them were seen to write the same value, so the order has not mattered: let "
                   "one thread write it, or use an atomic, and it never will.";
        case FaultKind::out_of_bounds:
            if (seen.index_wrapped) {
                return "The index did not fit in its type: an int that passes 2³¹ becomes negative, "
                       "an unsigned that passes below 0 becomes 2³² and less. Compute it in "
                       "std::size_t.";
            }
            return "The bounds check is missing or off by one, or the index is computed with the "
                   "wrong pitch.";
        case FaultKind::shared_out_of_bounds:
            return "The array is too small for the block, the index is wrong, or the launch asks "
                   "for too little dynamic shared memory.";
        case FaultKind::index_out_of_bounds:
            return "The index runs past the array's extent: look at the loop's end and at the order "
                   "of the indices.";
        case FaultKind::use_after_free:
            return "The memory was freed before the kernel ran: free it after the last use.";
        case FaultKind::uninitialised_global:
            return "Nothing has written it: copy the input first, clear it with cudaMemset, or write "
                   "before you add.";
        case FaultKind::uninitialised_shared:
            return "Shared memory begins with garbage: fill all of it, borders too, before it is "
                   "read.";
        case FaultKind::misaligned:
            return "A vector access of N bytes needs an address that is a multiple of N: check that "
                   "the pointer's offset is, or use narrower accesses there.";
        case FaultKind::host_pointer:
            return "The pointer is the host's: allocate device memory with cudaMalloc, copy, and "
                   "pass that.";
        case FaultKind::constant_store:
            return "A kernel can only read __constant__ memory: make the variable a __device__ one, or "
                   "let the host set it with cudaMemcpyToSymbol.";
        case FaultKind::local_of_another_thread:
            return "Each thread has local memory of its own, so on a GPU that address names the "
                   "reader's own: hand the value on through shared memory or a shuffle.";
        case FaultKind::divergent_barrier:
            if (names_a_mask) {
                return "Some threads wait for their warp, others for the block: every thread of the block must reach the same __syncthreads(). " +
                       right_mask;
            }
            return "Every thread of the block must reach the same __syncthreads(): move it out of "
                   "the branch, and skip work instead of returning before it.";
        case FaultKind::trap:
            if (names_a_mask) return right_mask;
            return "The kernel ended there; what came after was not checked.";
    }
    return {};
}

}  // namespace t2t::observer
