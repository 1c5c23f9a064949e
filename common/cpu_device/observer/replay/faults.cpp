#include "common/cpu_device/observer/replay/faults.hpp"

#include <mutex>
#include <string>
#include <utility>

#include "common/cpu_device/observer/log/index_fault.hpp"
#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/replay/thread_place.hpp"

namespace t2t::observer {
namespace {

// Of the kernel's arguments the one nearest to an address; else the nearest allocation.
const Allocation* meant(std::uint64_t address) {
    constexpr std::uint64_t far = 1 << 20;
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
    return best != nullptr ? best : global_memory().nearest(address, far);
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
    if (memory == nullptr) return;
    fault.has_memory = true;
    fault.memory_begin = memory->begin;
    fault.memory_bytes = memory->bytes;
    fault.allocated_by = memory->allocated_by;
    fault.freed_by = memory->freed_by;
    fault.variable = memory->variable;
    fault.parameter = Observation::instance().parameter_in(memory->begin, memory->bytes);
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
    if (Observation::instance().seen_again(kind, access.site.code, 0)) return;
    Observation::instance().add(fault_at(kind, access));
}

void FaultReporter::report_shared_race(const ThreadAccess& access, const Cell& other) const {
    const auto thread = static_cast<unsigned>(other.thread);
    report_race(FaultKind::shared_race, access, other, place_of(thread), thread == access.thread);
}

void FaultReporter::report_global_race(const ThreadAccess& access, const Cell& other,
                                       bool is_writer) const {
    const std::uint64_t block = actors()[GridOrder::actor_of(other)].block;
    const bool same_block = block == actors()[actor_.number()].block;
    const bool several_blocks = !is_writer && other.crowd() == Crowd::grid;
    const FaultKind kind =
        same_block && !several_blocks ? FaultKind::global_race_in_block : FaultKind::global_race;
    const auto thread = static_cast<unsigned>(other.thread);
    ThreadPlace met = place_of(thread);
    met.block = {static_cast<unsigned>(block % gridDim.x),
                 static_cast<unsigned>(block / gridDim.x % gridDim.y),
                 static_cast<unsigned>(block / gridDim.x / gridDim.y)};
    report_race(kind, access, other, met, same_block && thread == access.thread);
}

// `met` is the thread that the cell names, `is_own` whether it is the accessing thread itself.
void FaultReporter::report_race(FaultKind kind, const ThreadAccess& access, const Cell& other,
                                const ThreadPlace& met, bool is_own) const {
    const std::uint32_t other_code =
        Observation::instance().code_of_site(static_cast<std::uint16_t>(other.site));
    if (Observation::instance().seen_again(kind, access.site.code, other_code)) return;
    SeenFault fault = fault_at(kind, access);
    fault.other_code = other_code;
    fault.other_thread = met;
    // A cell names one of those it stands for: not always one that met this byte.
    fault.knows_thread = !is_own && other.apart == 0;
    fault.knows_other = true;
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
