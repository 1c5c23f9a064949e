#include "common/cpu_device/observer/observation.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/cpu_device/observer/observe.hpp"
#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/cpu_device/observer/replay/block_observer.hpp"
#include "common/cpu_device/observer/replay/l2.hpp"
#include "common/cpu_device/observer/report/make_report.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/launch_record.hpp"

namespace t2t::observer {

namespace {

// Of two sights of a fault the one to show: where both threads are known, then that of the first thread.
template <typename One, typename Other>
bool comes_before(const One& a, const Other& b) {
    const auto order = [](const auto& one) {
        const auto& [block, thread] = one.thread;
        return std::tuple(!one.knows_thread, block.z, block.y, block.x, thread.z, thread.y,
                          thread.x);
    };
    return order(a) < order(b);
}

}  // namespace

Observation& Observation::instance() {
    static Observation* const one = new Observation;
    return *one;
}

void Observation::begin() {
    if (running_) throw std::logic_error("observe() is already running; one at a time");
    std::unordered_map<std::uint32_t, Site> left_over;
    collect_all(left_over);
    kernels_.clear();
    faults_.clear();
    known_.clear();
    site_ids_.clear();
    site_codes_.assign(1, 0);
    device_bytes_ = shadow_bytes_ = 0;
    running_ = true;
}

Report Observation::end() {
    running_ = false;
    Report report = make_report(kernels_, faults_);
    report.device_bytes = device_bytes_;
    report.shadow_bytes = shadow_bytes_;
    return report;
}

void Observation::begin_launch(const cpu_device::LaunchRecord& launch) {
    const auto same = [&](const SeenKernel& other) {
        const auto equal = [](const dim3& a, const dim3& b) {
            return a.x == b.x && a.y == b.y && a.z == b.z;
        };
        return other.name == launch.kernel && other.address == launch.address &&
               equal(other.grid, launch.grid) && equal(other.block, launch.block) &&
               other.shared_bytes == launch.shared_bytes;
    };
    auto found = std::find_if(kernels_.begin(), kernels_.end(), same);
    if (found == kernels_.end()) {
        SeenKernel made;
        made.name = launch.kernel;
        made.address = launch.address;
        made.grid = launch.grid;
        made.block = launch.block;
        made.shared_bytes = launch.shared_bytes;
        found = kernels_.insert(kernels_.end(), std::move(made));
    }
    ++found->launches;
    found->parameters.clear();
    for (const void* pointer : launch.pointers) {
        found->parameters.push_back(reinterpret_cast<std::uint64_t>(pointer));
    }
    kernel_ = static_cast<unsigned>(found - kernels_.begin());
    kernel_function_ =
        launch.address != nullptr ? function_name_at(launch.address) : plain_name(launch.kernel);
    kernel_functions_.insert(kernel_function_);
    fences().clear();
    stream_order().begin_launch();
    actors().begin_launch(stream_order().launch(), stream_order().launch_is_after_all());
    const std::lock_guard lock(global_memory().mutex);
    l2.flush();
}

void Observation::end_launch(const cpu_device::LaunchRecord&) {
    collect_all(kernels_[kernel_].sites);
    const std::lock_guard lock(global_memory().mutex);
    device_bytes_ = std::max(device_bytes_, global_memory().bytes_in_use());
    shadow_bytes_ = std::max(shadow_bytes_, global_memory().shadow_bytes());
}

bool Observation::seen_again(const SightedFault& seen) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find({seen.kind, kernel_, seen.code, seen.other_code, {}, 0, {}});
    if (found == known_.end()) return false;
    SeenFault& fault = faults_[found->second];
    fault.crosses_warps |= seen.crosses_warps;
    fault.same_value &= seen.same_value;
    if (comes_before(seen, fault)) return false;
    ++fault.count;
    return true;
}

void Observation::add(SeenFault fault) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] =
        known_.try_emplace({fault.kind, fault.kernel, fault.code, fault.other_code,
                            fault.place.file, fault.place.line, fault.issued_by},
                           faults_.size());
    if (is_new) {
        faults_.push_back(std::move(fault));
        return;
    }
    // Blocks run on several cores in any order: of all threads that were seen the first is named.
    SeenFault& known = faults_[found->second];
    fault.count = known.count + 1;
    fault.crosses_warps |= known.crosses_warps;
    fault.same_value &= known.same_value;
    if (comes_before(fault, known)) {
        known = std::move(fault);
    } else {
        known.count = fault.count;
        known.crosses_warps = fault.crosses_warps;
        known.same_value = fault.same_value;
    }
}

std::uint16_t Observation::site_id(std::uint32_t code) {
    const std::lock_guard lock(mutex_);
    const auto found = site_ids_.find(code);
    if (found != site_ids_.end()) return found->second;
    if (site_codes_.size() == most_sites) return 0;
    const auto id = static_cast<std::uint16_t>(site_codes_.size());
    site_codes_.push_back(code);
    return site_ids_[code] = id;
}

std::uint32_t Observation::code_of_site(std::uint16_t id) {
    const std::lock_guard lock(mutex_);
    return site_codes_[id];
}

int Observation::parameter_in(std::uint64_t begin, std::uint64_t bytes) const {
    if (kernels_.empty()) return -1;
    const auto& parameters = kernels_[kernel_].parameters;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (parameters[i] - begin < bytes) return static_cast<int>(i);
    }
    return -1;
}

// ---- what the runtime reports ---------------------------------------------------------------------

void begin_launch(const cpu_device::LaunchRecord& launch) {
    if (Observation::instance().running()) Observation::instance().begin_launch(launch);
}

void end_launch(const cpu_device::LaunchRecord& launch) {
    if (Observation::instance().running()) Observation::instance().end_launch(launch);
}

Report observe(const std::function<void()>& work) {
    Observation& observation = Observation::instance();
    observation.begin();
    try {
        work();
    } catch (...) {
        const Report report = observation.end();
        if (cpu_device::sticky_error() == cudaSuccess) throw;
        cpu_device::clear_errors();
        return report;
    }
    const Report report = observation.end();
    if (cpu_device::sticky_error() != cudaSuccess) cpu_device::clear_errors();
    return report;
}

}  // namespace t2t::observer
