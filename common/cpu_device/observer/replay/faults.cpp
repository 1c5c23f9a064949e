// Faults as the block's observer notes them down.
#include <string_view>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/observer/replay/block_observer.hpp"

namespace t2t::observer {

SeenFault BlockObserver::fault_at(FaultKind kind, const Site& site, unsigned thread,
                                  std::uint64_t address, unsigned bytes) const {
    SeenFault fault;
    fault.kind = kind;
    fault.kernel = Observation::instance().kernel();
    fault.code = site.code;
    fault.thread = place_of(thread);
    fault.address = address;
    fault.bytes = bytes;
    fault.region = site.region;
    name_memory(fault);
    return fault;
}

// Which allocation an address lies in or was meant for, and which parameter of the kernel points
// there.
void BlockObserver::name_memory(SeenFault& fault) const {
    const std::lock_guard lock(global_memory().mutex);
    if (fault.region.space == Space::shared_outside) return name_shared(fault);
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

// Of the kernel's arguments the one nearest to an address; else the nearest allocation.
const Allocation* BlockObserver::meant(std::uint64_t address) const {
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

// The array of the kernel's shared memory that an address lies nearest to.
void BlockObserver::name_shared(SeenFault& fault) const {
    std::uint64_t nearest = ~std::uint64_t{0};
    const auto consider = [&](std::uint64_t begin, std::uint64_t bytes, const char* name) {
        const std::uint64_t distance =
            fault.address < begin ? begin - fault.address : fault.address - (begin + bytes);
        if (bytes == 0 || distance >= nearest) return;
        nearest = distance;
        fault.region = {Space::shared, begin, begin + bytes, nullptr, 0, name};
    };
    consider(dynamic_begin_, dynamic_bytes_, nullptr);
    for (const StaticVariable& array : program_symbols().thread_local_variables) {
        if (array.function == Observation::instance().kernel_function())
            consider(static_begin_ + array.begin, array.bytes, array.name.c_str());
    }
}

void BlockObserver::report(FaultKind kind, const Site& site, unsigned thread, std::uint64_t address,
                           unsigned bytes) const {
    if (Observation::instance().seen_again(kind, site.code, 0)) return;
    Observation::instance().add(fault_at(kind, site, thread, address, bytes));
}

void BlockObserver::report_race(const Site& site, unsigned thread, std::uint64_t address,
                                unsigned bytes, const Cell& other, bool is_writer,
                                bool in_shared) const {
    const std::uint32_t other_code =
        Observation::instance().code_of_site(static_cast<std::uint16_t>(other.site));
    FaultKind kind = FaultKind::shared_race;
    ThreadPlace met = place_of(unsigned(other.thread));
    bool is_own = other.thread == thread;
    if (!in_shared) {
        const std::uint64_t block = actors()[other.time >> actor_clock_bits].block;
        const bool same_block = block == actors()[actor_].block;
        const bool several_blocks = !is_writer && other.crowd() == Crowd::grid;
        kind = same_block && !several_blocks ? FaultKind::global_race_in_block
                                             : FaultKind::global_race;
        is_own = is_own && same_block;
        met.block = {static_cast<unsigned>(block % gridDim.x),
                     static_cast<unsigned>(block / gridDim.x % gridDim.y),
                     static_cast<unsigned>(block / gridDim.x / gridDim.y)};
    }
    if (Observation::instance().seen_again(kind, site.code, other_code)) return;
    SeenFault fault = fault_at(kind, site, thread, address, bytes);
    fault.other_code = other_code;
    fault.other_thread = met;
    // A cell names one of those it stands for: not always one that met this byte.
    fault.knows_thread = !is_own && other.apart == 0;
    fault.knows_other = true;
    Observation::instance().add(std::move(fault));
}

void BlockObserver::index_out_of_bounds(const char* file, std::uint32_t line, const char* array,
                                        long index) const {
    SeenFault fault;
    fault.kind = FaultKind::index_out_of_bounds;
    fault.kernel = Observation::instance().kernel();
    fault.place = {file, static_cast<int>(line), {}};
    fault.thread = place_of(cpu_device::linear_thread());
    fault.detail = "uses index " + std::to_string(index) + " of an array of type " + array;
    Observation::instance().add(std::move(fault));
}

// The kernel has ended with an error. What it accessed last, if it did, is in the log.
void BlockObserver::trapped(const void* address, const char* what) {
    const std::string_view text(what);
    SeenFault fault;
    fault.kind = FaultKind::trap;
    fault.kernel = Observation::instance().kernel();
    fault.thread = place_of(cpu_device::linear_thread());
    fault.detail = what;
    const LogEntry* last = last_access();
    fault.trail = trail();
    const bool names_address = text.find("access to address") != text.npos;
    const bool is_misaligned = text.find("misaligned address") != text.npos;
    if ((names_address || is_misaligned) && last != nullptr) {
        fault.code = last->code;
        fault.address = is_misaligned ? last->address : reinterpret_cast<std::uint64_t>(address);
        fault.bytes = last->extra & ~in_pieces;
        fault.region = region_of(fault.address);
        name_memory(fault);
        fault.kind =
            is_misaligned                        ? FaultKind::misaligned
            : fault.region.space == Space::freed ? FaultKind::use_after_free
            : fault.region.space == Space::shared || fault.region.space == Space::shared_outside
                ? FaultKind::shared_out_of_bounds
                : FaultKind::out_of_bounds;
    } else if (text.find("deadlock") != text.npos && text.find("__syncthreads") != text.npos) {
        fault.kind = FaultKind::divergent_barrier;
        fault.code = 0;
        if (first_waiter_ != nullptr) {
            fault.place = {
                first_waiter_->where.file, static_cast<int>(first_waiter_->where.line), {}};
            fault.thread = first_waiter_place_;
        }
    }
    if (stuck_ != nullptr && fault.place.line == 0) {
        fault.place = {stuck_->where.file, static_cast<int>(stuck_->where.line), {}};
        fault.thread = place_of(stuck_thread_);
    }
    log_cursor.next = log_cursor.end = nullptr;
    stopped_at_ = nullptr;
    Observation::instance().add(std::move(fault));
}

}  // namespace t2t::observer
