#include "common/cpu_device/observer/replay/host_side.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/order/order.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"
#include "common/cpu_device/runtime/faults.hpp"

namespace t2t::observer {
namespace {

/// A stretch of an allocation, as words and the bytes of them.
struct Stretch {
    Allocation& memory;
    std::uint64_t begin;
    std::uint64_t bytes;
    bool write;

    std::uint64_t first_word() const { return (begin - memory.begin) / 4; }
    std::uint64_t end_word() const { return (begin + bytes - memory.begin + 3) / 4; }
    /// Which bytes of a word belong to it: bit i for byte i.
    unsigned mask(std::uint64_t word) const {
        unsigned mask = 15;
        const std::uint64_t from = memory.begin + word * 4;
        if (from < begin) mask &= 15u << (begin - from);
        if (from + 4 > begin + bytes) mask &= 15u >> (from + 4 - begin - bytes);
        return mask;
    }
};

/// Order among operations, for one that is no launch.
struct OperationOrder {
    unsigned actor;

    bool before(const Cell& cell, Crowd) const {
        return stream_order().is_before_current(actors()[GridOrder::actor_of(cell)].operation);
    }
    bool past(const Cell& cell) const { return !same_block(cell); }
    bool same_block(const Cell& cell) const { return GridOrder::actor_of(cell) == actor; }
};

void report(const Stretch& stretch, std::uint64_t word, const Cell& met, bool is_writer,
            SeenFault fault) {
    fault.kind = FaultKind::stream_race;
    fault.kernel = not_in_a_kernel;
    fault.address = std::max(stretch.begin, stretch.memory.begin + word * 4);
    fault.bytes = static_cast<unsigned>(stretch.bytes);
    fault.has_memory = true;
    fault.memory_begin = stretch.memory.begin;
    fault.memory_bytes = stretch.memory.bytes;
    fault.allocated_by = stretch.memory.allocated_by;
    fault.variable = stretch.memory.variable;
    fault.other_operation = stream_order().operation(actors()[GridOrder::actor_of(met)].operation);
    fault.other_operation_writes = is_writer;
    fault.other_code = Observation::instance().code_of_site(static_cast<std::uint16_t>(met.site));
    Observation::instance().add(std::move(fault));
}

// The running operation reads or writes a stretch of memory at once. One race of it is enough to tell.
void enter_stretch(const void* start, std::size_t bytes, bool write) {
    if (!Observation::instance().running() || !stream_order().is_in_operation()) return;
    const auto begin = reinterpret_cast<std::uint64_t>(start);
    const std::lock_guard lock(global_memory().mutex);
    Allocation* memory = global_memory().find(begin);
    if (memory == nullptr || !memory->holds(begin, bytes)) return;
    // With the default stream alone only the host can come too early.
    if (!stream_order().has_streams() && !memory->host_may_touch) return;
    stream_order().note_issuer();
    memory->make_cells(write);
    const Stretch stretch{*memory, begin, bytes, write};
    const OperationOrder order{actors().enter({0, 0, stream_order().current()})};
    bool is_told = false;
    Cell none;
    for (std::uint64_t word = stretch.first_word(); word < stretch.end_word(); ++word) {
        const WordAccess access{
            order.actor << actor_clock_bits, 0, 0, stretch.mask(word), write, Scope::none};
        observer::enter(memory->writer(word, none), memory->reader(word, none), access, order,
                        [&](const Cell& met, bool is_writer) {
                            if (std::exchange(is_told, true)) return;
                            SeenFault fault;
                            fault.code = code_of(&program_start, write ? Kind::write : Kind::read);
                            fault.issued_by =
                                stream_order().operation(stream_order().current()).issued_by;
                            report(stretch, word, met, is_writer, std::move(fault));
                        });
    }
}

}  // namespace

void host_accesses(std::uint64_t address, unsigned bytes, Kind kind, const void* return_address) {
    if (!stream_order().host_is_ahead() || !global_memory().may_be_shared_with_host(address))
        return;
    if (!Observation::instance().running() || stream_order().is_in_operation()) return;
    if (cpu_device::in_kernel()) return;  // the device's own work
    const std::lock_guard lock(global_memory().mutex);
    Allocation* memory = global_memory().find(address);
    if (memory == nullptr || !memory->host_may_touch || !memory->holds(address, bytes)) return;
    const bool writes = kind == Kind::write || kind == Kind::flag_write;
    const Stretch stretch{*memory, address, bytes, writes};
    Cell none;
    for (std::uint64_t word = stretch.first_word(); word < stretch.end_word(); ++word) {
        const auto meet = [&](const Cell& cell, bool is_writer) {
            if (!cell.meets(stretch.mask(word), false) ||
                stream_order().host_has_waited_for(actors()[GridOrder::actor_of(cell)].operation)) {
                return false;
            }
            SeenFault fault;
            fault.code = code_of(return_address, kind);
            fault.is_host = true;
            report(stretch, word, cell, is_writer, std::move(fault));
            return true;
        };
        if (meet(memory->writer(word, none), true)) return;
        if (writes && meet(memory->reader(word, none), false)) return;
    }
}

// ---- what the runtime reports (marks.hpp) ---------------------------------------------------------

void initialised(const void* start, std::size_t bytes) {
    global_memory().initialise(reinterpret_cast<std::uint64_t>(start), bytes);
    enter_stretch(start, bytes, true);
}
void copied(const void* to, const void* from, std::size_t bytes) {
    global_memory().copy(reinterpret_cast<std::uint64_t>(to), reinterpret_cast<std::uint64_t>(from),
                         bytes);
    enter_stretch(from, bytes, false);
    enter_stretch(to, bytes, true);
}

}  // namespace t2t::observer
