#include "common/cpu_device/observer/replay/address_map.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"
#include "common/cpu_device/runtime/workers.hpp"

namespace t2t::observer {
namespace {

const StaticVariable* variable_at(const std::vector<StaticVariable>& variables,
                                  std::uint64_t address) {
    auto found = std::upper_bound(
        variables.begin(), variables.end(), address,
        [](std::uint64_t value, const StaticVariable& one) { return value < one.begin; });
    if (found == variables.begin()) return nullptr;
    --found;
    return address < found->begin + found->bytes ? &*found : nullptr;
}

bool lies_in(std::uint64_t address, std::uint64_t begin, std::uint64_t bytes) {
    return address - begin < bytes;
}

// Whether an address lies among the program's variables: no memory of the host's that a kernel could
// have been given is there, so it was meant for one of those variables.
bool is_in_the_program(std::uint64_t address) {
    constexpr std::uint64_t page = 4096;
    const auto& variables = program_symbols().variables;
    return !variables.empty() && address >= variables.front().begin &&
           address < (variables.back().begin + variables.back().bytes + page - 1) / page * page;
}

// Static arrays of all kernels lie side by side, so an access past one may land in another's. An
// array of a function that is no kernel may be used by any kernel that calls it.
bool is_another_kernels(const StaticVariable& array) {
    const std::string& mine = Observation::instance().kernel_function();
    return !mine.empty() && array.function != mine &&
           (array.function.ends_with("_kernel") ||
            Observation::instance().is_kernel(array.function));
}

}  // namespace

AddressMap::AddressMap()
    : static_begin_(thread_local_begin()), static_bytes_(program_symbols().thread_local_bytes) {}

void AddressMap::begin_block(const void* frame) {
    frame_ = static_cast<const char*>(frame);
    dynamic_begin_ = reinterpret_cast<std::uint64_t>(cpu_device::dynamic_shared_memory());
    dynamic_bytes_ = cpu_device::scheduler().launch()->shared_bytes;
}

void AddressMap::begin_thread(unsigned thread) {
    fiber_of_[thread] = cpu_device::scheduler().fiber();
}

// Threads that never wait run one after the other on the operating-system thread's own stack, which
// is fiber 0's; their locals cannot be told apart. Those that wait have a stack each.
bool AddressMap::is_own(unsigned thread, std::uint64_t address) const {
    const auto* where = reinterpret_cast<const char*>(address);
    const cpu_device::FiberStacks& stacks = cpu_device::scheduler().stacks();
    const auto [first_stack, bytes] = stacks.range();
    if (lies_in(address, reinterpret_cast<std::uint64_t>(first_stack), bytes))
        return stacks.index_of(where) == fiber_of_[thread];
    return fiber_of_[thread] == 0 || where < cpu_device::home_stack().first || where >= frame_;
}

std::size_t AddressMap::shared_words() const {
    return (static_bytes_ + cpu_device::dynamic_shared_room) / 4;
}

Region AddressMap::region_of(std::uint64_t address) const {
    if (const auto found = shared_region(address)) return *found;
    if (const auto found = own_region(address)) return *found;
    const std::lock_guard lock(global_memory().mutex);
    if (const auto found = global_region(address)) return *found;
    // A kernel's literals have no name. On a GPU they are in its constant memory.
    for (const auto& [begin, end] : program_symbols().read_only) {
        if (address >= begin && address < end) return {Space::thread_local_, begin, end};
    }
    constexpr std::uint64_t far = 1 << 20;
    if (global_memory().nearest(address, far) != nullptr || is_in_the_program(address))
        return {Space::none};
    return {Space::host};
}

std::optional<Region> AddressMap::shared_region(std::uint64_t address) const {
    if (lies_in(address, dynamic_begin_, dynamic_bytes_)) {
        return Region{Space::shared, dynamic_begin_,    dynamic_begin_ + dynamic_bytes_,
                      nullptr,       static_bytes_ / 4, nullptr};
    }
    const std::uint64_t dynamic_end =
        dynamic_begin_ + cpu_device::dynamic_shared_padded(dynamic_bytes_);
    const std::uint64_t room = dynamic_bytes_ == 0 ? 0 : cpu_device::dynamic_shared_room;
    if (lies_in(address, dynamic_end - room, room + cpu_device::dynamic_shared_guard))
        return Region{Space::shared_outside};
    if (lies_in(address, static_begin_, static_bytes_))
        return static_array(address - static_begin_);
    return std::nullopt;
}

// The static array at an offset from the start of the thread-local variables.
Region AddressMap::static_array(std::uint64_t offset) const {
    const StaticVariable* found = variable_at(program_symbols().thread_local_variables, offset);
    if (found == nullptr || found->is_reserved || is_another_kernels(*found))
        return {Space::shared_outside};
    const std::uint64_t begin = static_begin_ + found->begin;
    // g++ guards arrays of types with constructors; a GPU has no such variable.
    if (found->name.starts_with("guard variable"))
        return {Space::thread_local_, begin, begin + found->bytes};
    return {Space::shared,      begin, begin + found->bytes, nullptr, found->begin / 4,
            found->name.c_str()};
}

// The kernel's parameters, and the stacks that its threads run on.
std::optional<Region> AddressMap::own_region(std::uint64_t address) const {
    const auto region = [](const void* begin, const void* end) {
        return Region{Space::thread_local_, reinterpret_cast<std::uint64_t>(begin),
                      reinterpret_cast<std::uint64_t>(end)};
    };
    const auto* where = reinterpret_cast<const char*>(address);
    const auto& launch = *cpu_device::scheduler().launch();
    const auto* parameters = static_cast<const char*>(launch.body);
    if (where >= parameters && where < parameters + launch.body_bytes)
        return region(parameters, parameters + launch.body_bytes);

    const auto [first_stack, bytes] = cpu_device::scheduler().stacks().range();
    const auto* stacks = static_cast<const char*>(first_stack);
    if (where >= stacks && where < stacks + bytes) return region(stacks, stacks + bytes);

    const auto [lowest, size] = cpu_device::home_stack();
    if (where >= lowest && where < frame_) return region(lowest, frame_);
    return std::nullopt;
}

// An allocation, or a variable of the program, which is entered among them when it is first met.
std::optional<Region> AddressMap::global_region(std::uint64_t address) const {
    if (Allocation* found = global_memory().find(address); found != nullptr) {
        const Space space = found->is_freed ? Space::freed : Space::global;
        return Region{space, found->begin, found->end(), found};
    }
    if (const StaticVariable* found = variable_at(program_symbols().variables, address);
        found != nullptr && !found->is_reserved) {
        Allocation* entered = global_memory().add_variable(found->begin, found->bytes, found->name,
                                                           found->is_constant);
        return Region{Space::global, entered->begin, entered->end(), entered};
    }
    return std::nullopt;
}

Region AddressMap::nearest_shared_array(std::uint64_t address) const {
    Region found{Space::shared_outside};
    std::uint64_t nearest = ~std::uint64_t{0};
    const auto consider = [&](std::uint64_t begin, std::uint64_t bytes, const char* name) {
        const std::uint64_t distance =
            address < begin ? begin - address : address - (begin + bytes);
        if (bytes == 0 || distance >= nearest) return;
        nearest = distance;
        found = {Space::shared, begin, begin + bytes, nullptr, 0, name};
    };
    consider(dynamic_begin_, dynamic_bytes_, nullptr);
    for (const StaticVariable& array : program_symbols().thread_local_variables) {
        if (array.function == Observation::instance().kernel_function())
            consider(static_begin_ + array.begin, array.bytes, array.name.c_str());
    }
    return found;
}

}  // namespace t2t::observer
