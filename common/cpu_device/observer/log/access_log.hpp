/// @file
/// What a CUDA thread does, one entry after the other, until its warp's logs are looked at.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/cxx17.hpp"

namespace t2t::observer {

/// One access, basic block or other event of one thread.
struct LogEntry {
    std::uint64_t address;  ///< of an access
    std::uint32_t code;     ///< where in the program, and what: see code_of()
    std::uint32_t extra;    ///< bytes of an access (see bytes_of()), mask of a warp operation …
};

/// In LogEntry::extra of an access: a copy of a structure, which a GPU makes in several instructions.
inline constexpr std::uint32_t in_pieces = 1u << 31;
inline constexpr std::uint32_t most_in_pieces = in_pieces - 1;  ///< bytes

/// Bytes that an access moves at most when it is one instruction of a GPU.
inline constexpr unsigned most_at_once = 16;
/// Above the bytes of such a write stands the fingerprint of what it overwrites.
inline constexpr unsigned fingerprint_begin = 5;
inline constexpr std::uint32_t fingerprint_bits = (in_pieces - 1) >> fingerprint_begin
                                                                         << fingerprint_begin;

/// Of an access, by its entry's `extra`.
inline unsigned bytes_of(std::uint32_t extra) {
    return (extra & in_pieces) != 0 ? extra & most_in_pieces : extra & ~fingerprint_bits;
}

/// 26 bits that tell one value in memory from another, as they stand in LogEntry::extra; never 0.
/// @param bytes at most 16
__attribute__((always_inline)) inline std::uint32_t fingerprint(const void* memory,
                                                                unsigned bytes) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    __builtin_memcpy(&low, memory, bytes < 8 ? bytes : 8);
    if (bytes > 8) __builtin_memcpy(&high, static_cast<const char*>(memory) + 8, bytes - 8);
    const std::uint64_t mixed = (low ^ high * 0xD6E8FEB86659FD93u) * 0x9E3779B97F4A7C15u;
    return static_cast<std::uint32_t>(mixed >> 33 & fingerprint_bits) | 1u << fingerprint_begin;
}

/// Machine code is addressed from the program's first byte: 2²⁷ bytes of it are enough.
extern const char program_start asm("__executable_start");
inline constexpr unsigned kind_bits = 5;

/// Place and kind in one word, so that two lanes do the same exactly when their words are equal.
inline std::uint32_t code_of(const void* return_address, Kind kind) {
    const auto offset =
        static_cast<std::uint32_t>(static_cast<const char*>(return_address) - &program_start);
    return offset << kind_bits | static_cast<std::uint32_t>(kind);
}
inline Kind kind_of(std::uint32_t code) {
    return static_cast<Kind>(code & ((1u << kind_bits) - 1));
}
/// The return address that code_of() was made from.
inline std::uint64_t address_of(std::uint32_t code) {
    return reinterpret_cast<std::uint64_t>(&program_start) + (code >> kind_bits);
}

/// Where the running CUDA thread's next entry goes. Both null outside kernels.
struct LogCursor {
    LogEntry* next = nullptr;
    LogEntry* end = nullptr;
    std::uint64_t builtins = 0;  ///< threadIdx and its kin: this thread's, at this address …
    std::uint64_t builtins_bytes = 0;
};
T2T_CONSTINIT extern thread_local LogCursor log_cursor;

/// Nothing more is recorded, until the cursor points into a log again.
inline void stop_recording() {
    log_cursor.next = log_cursor.end = nullptr;
}
/// Learns where the calling operating-system thread has threadIdx and its kin.
void find_builtins();

/// Adds an entry when the log is full, or when there is none.
/// @returns the entry; nullptr when no kernel runs
LogEntry* record_in_new_room(std::uint64_t address, std::uint32_t code, std::uint32_t extra);

/// The running CUDA thread has called a fence.
void pass_fence(Scope scope);

/// Adds an entry, unless no kernel runs. All that is rare is in another function, which is called
/// last: so a hook saves no registers, and is some ten instructions.
/// @returns the entry; nullptr when no kernel runs
__attribute__((always_inline)) inline LogEntry* record(std::uint64_t address, std::uint32_t extra,
                                                       Kind kind, const void* return_address) {
    const std::uint32_t code = code_of(return_address, kind);
    LogEntry* entry = log_cursor.next;
    if (entry == log_cursor.end) [[unlikely]]
        return record_in_new_room(address, code, extra);
    log_cursor.next = entry + 1;
    *entry = {address, code, extra};
    return entry;
}

/// Adds an entry that has no more to say than its place and kind: the rest of it means nothing.
__attribute__((always_inline)) inline void record_place(Kind kind, const void* return_address) {
    const std::uint32_t code = code_of(return_address, kind);
    LogEntry* entry = log_cursor.next;
    if (entry == log_cursor.end) [[unlikely]] {
        record_in_new_room(0, code, 0);
        return;
    }
    log_cursor.next = entry + 1;
    entry->code = code;
}

}  // namespace t2t::observer
