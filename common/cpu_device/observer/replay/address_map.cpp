// Where an address lies: shared memory, global memory, a thread's own memory, the host's.
#include <algorithm>

#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/cpu_device/observer/replay/block_observer.hpp"
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

}  // namespace

// Static arrays of all kernels lie side by side, so an access past one may land in another's. An
// array of a function that is no kernel may be used by any kernel that calls it.
bool BlockObserver::is_another_kernels(const StaticVariable& array) const {
    const std::string& mine = Observation::instance().kernel_function();
    return !mine.empty() && array.function != mine &&
           (array.function.ends_with("_kernel") ||
            Observation::instance().is_kernel(array.function));
}

void BlockObserver::learn_shared_arrays() {
    static_begin_ = thread_local_begin();
    static_bytes_ = program_symbols().thread_local_bytes;
    const std::size_t words = (static_bytes_ + cpu_device::dynamic_shared_room) / 4;
    shared_writers_.assign(words, Cell{});
    shared_readers_.assign(words, Cell{});
}

Region BlockObserver::region_of(std::uint64_t address) {
    const auto in = [address](std::uint64_t begin, std::uint64_t bytes) {
        return address - begin < bytes;
    };
    if (in(dynamic_begin_, dynamic_bytes_)) {
        return {Space::shared, dynamic_begin_,    dynamic_begin_ + dynamic_bytes_,
                nullptr,       static_bytes_ / 4, nullptr};
    }
    const std::uint64_t dynamic_end =
        dynamic_begin_ + cpu_device::dynamic_shared_padded(dynamic_bytes_);
    const std::uint64_t room = dynamic_bytes_ == 0 ? 0 : cpu_device::dynamic_shared_room;
    if (in(dynamic_end - room, room + cpu_device::dynamic_shared_guard))
        return {Space::shared_outside};
    if (in(static_begin_, static_bytes_)) {
        const std::uint64_t offset = address - static_begin_;
        const StaticVariable* found = variable_at(program_symbols().thread_local_variables, offset);
        if (found == nullptr || is_another_kernels(*found)) return {Space::shared_outside};
        const std::uint64_t begin = static_begin_ + found->begin;
        // g++ guards arrays of types with constructors; a GPU has no such variable.
        if (found->name.starts_with("guard variable"))
            return {Space::thread_local_, begin, begin + found->bytes};
        return {Space::shared,      begin, begin + found->bytes, nullptr, found->begin / 4,
                found->name.c_str()};
    }

    const auto* where = reinterpret_cast<const char*>(address);
    const auto& launch = *cpu_device::scheduler().launch();
    if (in(reinterpret_cast<std::uint64_t>(launch.body), launch.body_bytes)) {
        const auto begin = reinterpret_cast<std::uint64_t>(launch.body);
        return {Space::thread_local_, begin, begin + launch.body_bytes};
    }
    if (const auto [begin, bytes] = cpu_device::scheduler().stacks().range();
        in(reinterpret_cast<std::uint64_t>(begin), bytes)) {
        const auto first = reinterpret_cast<std::uint64_t>(begin);
        return {Space::thread_local_, first, first + bytes};
    }
    const auto [lowest, size] = cpu_device::home_stack();
    if (where >= lowest && where < frame_) {
        return {Space::thread_local_, reinterpret_cast<std::uint64_t>(lowest),
                reinterpret_cast<std::uint64_t>(frame_)};
    }

    const std::lock_guard lock(global_memory().mutex);
    if (Allocation* found = global_memory().find(address); found != nullptr) {
        const Space space = found->is_freed ? Space::freed : Space::global;
        return {space, found->begin, found->end(), found};
    }
    if (const StaticVariable* found = variable_at(program_symbols().variables, address);
        found != nullptr) {
        Allocation* entered = global_memory().add_variable(found->begin, found->bytes, found->name);
        return {Space::global, entered->begin, entered->end(), entered};
    }
    constexpr std::uint64_t far = 1 << 20;
    if (global_memory().nearest(address, far) != nullptr) return {Space::none};
    return {Space::host};
}

}  // namespace t2t::observer
