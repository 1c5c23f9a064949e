#include "common/cpu_device/observer/replay/faults.hpp"

#include <mutex>
#include <string>
#include <utility>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/log/index_fault.hpp"
#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"
#include "common/cpu_device/observer/replay/thread_place.hpp"

namespace t2t::observer {
namespace {

// Whether an access is one by which threads tell each other something: an atomic, the read of a
// volatile variable, or a write to one after a fence – all of them atomics of a scope, which must reach
// the other thread. Two of them do not race. A volatile write without a fence is data as any other.
bool tells(Kind kind, Scope atomic, bool same_block) {
    if (kind == Kind::flag_read) return true;
    return atomic == Scope::device || (atomic == Scope::block && same_block);
}

bool are_flags(const ThreadAccess& access, const Met& met, std::uint32_t other_code,
               bool same_block) {
    const Scope other_atomic = met.is_writer ? met.cell.atomic() : Scope::none;
    return tells(kind_of(access.site.code), access.atomic, same_block) &&
           tells(kind_of(other_code), other_atomic, same_block);
}

// Of the kernel's arguments the one nearest to an address; else the nearest allocation, or the
// variable of the program that lies before it.
const Allocation* meant(std::uint64_t address) {
    constexpr std::uint64_t far = 1 << 20;
    constexpr std::uint64_t very_far = 1 << 30;  // allocations lie farther from the program
    const Allocation* best = nullptr;
    std::uint64_t nearest = far;
    for (const std::uint64_t pointer : Observation::instance().parameters()) {
        const Allocation* one = pointer == 0 ? nullptr : global_memory().find(pointer);
        if (one == nullptr) continue;
        const std::uint64_t distance =
            address < one->begin ? one->begin - address : address - one->end();
        if (distance < nearest) {
            nearest = distance;
            best = one;
        }
    }
    if (best == nullptr) best = global_memory().nearest(address, far);
    return best != nullptr ? best : global_memory().variable_below(address, very_far);
}

}  // namespace

namespace {

void name(SeenFault& fault, const Allocation& memory) {
    fault.has_memory = true;
    fault.memory_begin = memory.begin;
    fault.memory_bytes = memory.bytes;
    fault.allocated_by = memory.allocated_by;
    fault.freed_by = memory.freed_by;
    fault.variable = memory.variable;
    fault.parameter = Observation::instance().parameter_in(memory.begin, memory.bytes);
}

}  // namespace

void FaultReporter::name_memory(SeenFault& fault) const {
    const std::lock_guard lock(global_memory().mutex);
    if (fault.region.space == Space::shared_outside) {
        fault.region = map_.nearest_shared_array(fault.address);
        return;
    }
    const Allocation* memory = fault.region.allocation;
    if (memory == nullptr && fault.region.space == Space::none) memory = meant(fault.address);
    if (memory != nullptr) name(fault, *memory);
}

void FaultReporter::name_far_memory(SeenFault& fault) const {
    constexpr std::uint64_t most_ints = std::uint64_t{1} << 31;
    const std::lock_guard lock(global_memory().mutex);
    std::uint64_t nearest = 2 * most_ints * fault.bytes;
    for (const std::uint64_t pointer : Observation::instance().parameters()) {
        const Allocation* one = pointer == 0 ? nullptr : global_memory().find(pointer);
        if (one == nullptr || fault.address == 0) continue;
        const bool before = fault.address < one->begin;
        const std::uint64_t distance =
            before ? one->begin - fault.address : fault.address - pointer;
        if (distance >= nearest) continue;
        nearest = distance;
        name(fault, *one);
        fault.index_wrapped = before || distance >= most_ints * fault.bytes;
    }
}

SeenFault FaultReporter::fault_at(FaultKind kind, const ThreadAccess& access) const {
    SeenFault fault;
    fault.kind = kind;
    fault.kernel = Observation::instance().kernel();
    fault.code = access.site.code;
    fault.thread = place_of(access.thread);
    fault.address = access.address;
    fault.bytes = access.bytes;
    fault.region = access.site.region;
    name_memory(fault);
    return fault;
}

void FaultReporter::report(FaultKind kind, const ThreadAccess& access) const {
    const SightedFault seen{kind, access.site.code, 0, place_of(access.thread)};
    if (Observation::instance().seen_again(seen)) return;
    Observation::instance().add(fault_at(kind, access));
}

void FaultReporter::report_shared_race(const ThreadAccess& access, const Met& met) const {
    report_race(FaultKind::shared_race, access, met,
                place_of(static_cast<unsigned>(met.cell.thread)), true);
}

void FaultReporter::report_global_race(const ThreadAccess& access, const Met& met) const {
    const std::uint32_t operation = actors()[GridOrder::actor_of(met.cell)].operation;
    if (operation != actors()[actor_.number()].operation)
        return report_stream_race(access, met, operation);
    const std::uint64_t block = actors()[GridOrder::actor_of(met.cell)].block;
    const bool same_block = block == actors()[actor_.number()].block;
    const bool several_blocks = !met.is_writer && met.cell.crowd() == Crowd::grid;
    const FaultKind kind =
        same_block && !several_blocks ? FaultKind::global_race_in_block : FaultKind::global_race;
    ThreadPlace other = place_of(static_cast<unsigned>(met.cell.thread));
    other.block = {static_cast<unsigned>(block % gridDim.x),
                   static_cast<unsigned>(block / gridDim.x % gridDim.y),
                   static_cast<unsigned>(block / gridDim.x / gridDim.y)};
    report_race(kind, access, met, other, same_block);
}

// What it meets is another launch's or a copy's, in a stream that nothing orders before this one.
void FaultReporter::report_stream_race(const ThreadAccess& access, const Met& met,
                                       std::uint32_t operation) const {
    constexpr FaultKind kind = FaultKind::stream_race;
    const std::uint32_t other_code =
        Observation::instance().code_of_site(static_cast<std::uint16_t>(met.cell.site));
    if (are_flags(access, met, other_code, false)) return;
    const SightedFault seen{kind, access.site.code, other_code, place_of(access.thread)};
    if (Observation::instance().seen_again(seen)) return;
    SeenFault fault = fault_at(kind, access);
    fault.other_code = other_code;
    fault.other_operation = stream_order().operation(operation);
    fault.other_operation_writes = met.is_writer;
    Observation::instance().add(std::move(fault));
}

// `other` is the thread that the cell names.
void FaultReporter::report_race(FaultKind kind, const ThreadAccess& access, const Met& met,
                                const ThreadPlace& other, bool same_block) const {
    const Cell& cell = met.cell;
    const std::uint32_t other_code =
        Observation::instance().code_of_site(static_cast<std::uint16_t>(cell.site));
    if (are_flags(access, met, other_code, same_block)) return;
    // A cell names one of those it stands for: not always one that met this byte.
    const auto thread = static_cast<unsigned>(cell.thread);
    const bool knows_thread = !(same_block && thread == access.thread) && cell.apart == 0;
    const bool in_warp = same_block && thread / 32 == access.thread / 32 &&
                         (met.is_writer || cell.crowd() <= Crowd::warp);
    const SightedFault seen{kind,         access.site.code, other_code,    place_of(access.thread),
                            knows_thread, !in_warp,         met.same_value};
    if (Observation::instance().seen_again(seen)) return;
    SeenFault fault = fault_at(kind, access);
    fault.other_code = other_code;
    fault.other_thread = other;
    fault.knows_thread = knows_thread;
    fault.knows_other = true;
    fault.crosses_warps = !in_warp;
    fault.same_value = met.same_value;
    Observation::instance().add(std::move(fault));
}

void index_out_of_bounds(const char* file, std::uint32_t line, const char* array, long index) {
    SeenFault fault;
    fault.kind = FaultKind::index_out_of_bounds;
    fault.kernel = Observation::instance().kernel();
    fault.place = {file, static_cast<int>(line), {}};
    fault.thread = place_of(cpu_device::linear_thread());
    fault.detail = "uses index " + std::to_string(index) + " of an array of type " + array;
    Observation::instance().add(std::move(fault));
}

}  // namespace t2t::observer
