// What the compiler calls in a check build: one function before each load and store, one in each
// basic block, one for each index out of bounds. These names are the interfaces of gcc's
// -fsanitize=thread, -fsanitize-coverage=trace-pc and -fsanitize=bounds; their own runtimes are not
// linked.
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/log/index_fault.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/runtime/faults.hpp"

using t2t::observer::Kind;
using t2t::observer::log_cursor;
using t2t::observer::LogEntry;
using t2t::observer::record;
using t2t::observer::record_place;

namespace t2t::observer {

// A volatile variable is met, perhaps a flag.
static void note_flag(std::uint64_t address, unsigned bytes, bool writes) {
    if (log_cursor.next == nullptr) return;
    const cpu_device::Uninterrupted observing;
    LogEntry& entry = log_cursor.next[-1];
    const Pause the_observers_work;
    if (!writes) return fences().read_flag(address, Scope::device);
    const Scope scope = fences().write_flag(address, bytes);
    if ((entry.extra & in_pieces) == 0) entry.extra |= with_scope(scope);
}

}  // namespace t2t::observer

namespace {

// threadIdx and its kin are variables here, registers on a GPU.
__attribute__((always_inline)) inline LogEntry* record_access(const void* address,
                                                              std::uint32_t bytes, Kind kind,
                                                              const void* return_address) {
    const auto where = reinterpret_cast<std::uint64_t>(address);
    if (where - log_cursor.builtins < log_cursor.builtins_bytes) return nullptr;
    LogEntry* entry = record(where, bytes, kind, return_address);
    if (kind == Kind::flag_read || kind == Kind::flag_write) {
        t2t::observer::note_flag(where, t2t::observer::bytes_of(bytes), kind == Kind::flag_write);
    }
    return entry;
}

// A plain write by one instruction, with what it overwrites.
template <unsigned Bytes>
__attribute__((always_inline)) inline void record_write(const void* address,
                                                        const void* return_address) {
    LogEntry* entry = record_access(address, Bytes, Kind::write, return_address);
    // The entry comes first: at a bad address this faults as the write would.
    if (entry != nullptr) entry->extra |= t2t::observer::fingerprint(address, Bytes);
}

}  // namespace

// An unaligned access is one of a type whose alignment is smaller than its size: a GPU makes several
// instructions of it.
constexpr std::uint32_t pieces = t2t::observer::in_pieces;

#define T2T_HOOK(name, bytes, kind)                                             \
    void name(void* address) {                                                  \
        record_access(address, bytes, Kind::kind, __builtin_return_address(0)); \
    }
#define T2T_WRITE_HOOK(name, bytes)                                \
    void name(void* address) {                                     \
        record_write<bytes>(address, __builtin_return_address(0)); \
    }
#define T2T_HOOKS(bytes)                                                       \
    T2T_HOOK(__tsan_read##bytes, bytes, read)                                  \
    T2T_WRITE_HOOK(__tsan_write##bytes, bytes)                                 \
    T2T_HOOK(__tsan_unaligned_read##bytes, bytes | pieces, read)               \
    T2T_HOOK(__tsan_unaligned_write##bytes, bytes | pieces, write)             \
    T2T_HOOK(__tsan_volatile_read##bytes, bytes, flag_read)                    \
    T2T_HOOK(__tsan_volatile_write##bytes, bytes, flag_write)                  \
    T2T_HOOK(__tsan_unaligned_volatile_read##bytes, bytes | pieces, flag_read) \
    T2T_HOOK(__tsan_unaligned_volatile_write##bytes, bytes | pieces, flag_write)

// Plain atomics of host code and of the CPU device's headers: kernels report theirs themselves
// (atomics.hpp), so these only do the work.
#define T2T_ATOMIC_HOOKS(bits)                                                                  \
    using word##bits = std::uint##bits##_t;                                                     \
    word##bits __tsan_atomic##bits##_load(const volatile word##bits* a, int) {                  \
        return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                            \
    }                                                                                           \
    void __tsan_atomic##bits##_store(volatile word##bits* a, word##bits v, int) {               \
        __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                                               \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_exchange(volatile word##bits* a, word##bits v, int) {      \
        return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                                     \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_fetch_add(volatile word##bits* a, word##bits v, int) {     \
        return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_fetch_sub(volatile word##bits* a, word##bits v, int) {     \
        return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_fetch_and(volatile word##bits* a, word##bits v, int) {     \
        return __atomic_fetch_and(a, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_fetch_or(volatile word##bits* a, word##bits v, int) {      \
        return __atomic_fetch_or(a, v, __ATOMIC_SEQ_CST);                                       \
    }                                                                                           \
    word##bits __tsan_atomic##bits##_fetch_xor(volatile word##bits* a, word##bits v, int) {     \
        return __atomic_fetch_xor(a, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile word##bits* a, word##bits* e,    \
                                                      word##bits v, int, int) {                 \
        return __atomic_compare_exchange_n(a, e, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }                                                                                           \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile word##bits* a, word##bits* e,      \
                                                    word##bits v, int, int) {                   \
        return __atomic_compare_exchange_n(a, e, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
    }

extern "C" {

void __tsan_init() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_atomic_thread_fence(int) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
}
void __tsan_atomic_signal_fence(int) {}

void __tsan_func_entry(void*) {
    record_place(Kind::call, __builtin_return_address(0));
}
void __tsan_func_exit() {
    record_place(Kind::leave, __builtin_return_address(0));
}

T2T_HOOK(__tsan_read1, 1, read)
T2T_WRITE_HOOK(__tsan_write1, 1)
T2T_HOOK(__tsan_volatile_read1, 1, flag_read)
T2T_HOOK(__tsan_volatile_write1, 1, flag_write)
T2T_HOOKS(2)
T2T_HOOKS(4)
T2T_HOOKS(8)
T2T_HOOKS(16)

void __tsan_read_range(void* address, unsigned long bytes) {
    record_access(address, static_cast<std::uint32_t>(bytes) | pieces, Kind::read,
                  __builtin_return_address(0));
}
void __tsan_write_range(void* address, unsigned long bytes) {
    record_access(address, static_cast<std::uint32_t>(bytes) | pieces, Kind::write,
                  __builtin_return_address(0));
}

T2T_ATOMIC_HOOKS(8)
T2T_ATOMIC_HOOKS(16)
T2T_ATOMIC_HOOKS(32)
T2T_ATOMIC_HOOKS(64)

void __sanitizer_cov_trace_pc() {
    record_place(Kind::block, __builtin_return_address(0));
}

// Laid out by the compiler; see gcc's ubsan.cc.
struct UbsanType {
    std::uint16_t kind;
    std::uint16_t info;
    char name[1];  // as written in the source, in quotes
};
struct UbsanOutOfBounds {
    const char* file;
    std::uint32_t line;
    std::uint32_t column;
    const UbsanType* array;
    const UbsanType* index;
};
void __ubsan_handle_out_of_bounds(UbsanOutOfBounds* where, unsigned long index) {
    if (log_cursor.next == nullptr) return;
    const t2t::cpu_device::Uninterrupted observing;
    const t2t::observer::Pause the_observers_work;
    t2t::observer::index_out_of_bounds(where->file, where->line, where->array->name,
                                       static_cast<long>(index));
}
void __ubsan_handle_out_of_bounds_abort(UbsanOutOfBounds* where, unsigned long index) {
    __ubsan_handle_out_of_bounds(where, index);
}

}  // extern "C"

namespace t2t::observer {

void mark(Kind kind, std::uint32_t extra) noexcept {
    record(0, extra, kind, __builtin_return_address(0));
    if (kind == Kind::fence && log_cursor.next != nullptr) pass_fence(static_cast<Scope>(extra));
}

void mark_at(const void* caller, Kind kind, std::uint32_t extra) noexcept {
    record(0, extra, kind, caller);
}

// As LogEntry::extra has it.
static std::uint32_t in_pieces_of(std::size_t bytes) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, most_in_pieces)) | in_pieces;
}

void copies_bytes(void* to, const void* from, std::size_t bytes) noexcept {
    if (bytes == 0) return;
    const void* caller = __builtin_return_address(0);
    record_access(from, in_pieces_of(bytes), Kind::read, caller);
    record_access(to, in_pieces_of(bytes), Kind::write, caller);
}

void sets_bytes(void* to, std::size_t bytes) noexcept {
    if (bytes != 0)
        record_access(to, in_pieces_of(bytes), Kind::write, __builtin_return_address(0));
}

void access_at(const void* caller, Kind kind, const volatile void* address,
               std::size_t bytes) noexcept {
    const auto where = reinterpret_cast<std::uint64_t>(address);
    const bool at_once = bytes <= most_at_once;
    record(where, at_once ? static_cast<std::uint32_t>(bytes) : in_pieces_of(bytes), kind, caller);
}

void access(Kind kind, const volatile void* address, std::size_t bytes,
            std::uint32_t traits) noexcept {
    access_at(__builtin_return_address(0), kind, address, bytes);
    if (kind != Kind::atomic || log_cursor.next == nullptr) return;
    log_cursor.next[-1].extra |= traits;
    const cpu_device::Uninterrupted observing;
    const Pause the_observers_work;
    const auto where = reinterpret_cast<std::uint64_t>(address);
    fences().read_flag(where, scope_of(traits));
    fences().write_atomic(where, static_cast<unsigned>(bytes), scope_of(traits));
}

void takes_lock(const volatile void* address) noexcept {
    record(reinterpret_cast<std::uint64_t>(address), 0, Kind::lock, __builtin_return_address(0));
    if (log_cursor.next == nullptr) return;
    const cpu_device::Uninterrupted observing;
    const Pause the_observers_work;
    fences().take_lock(reinterpret_cast<std::uint64_t>(address));
}

}  // namespace t2t::observer
