/// @file
/// What an observation has gathered so far, over all operating-system threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "common/cpu_device/observer/report/report.hpp"
#include "common/cpu_device/observer/report/seen.hpp"

namespace t2t::cpu_device {
struct LaunchRecord;
}

namespace t2t::observer {

/// The running observation; there is one at a time.
class Observation {
 public:
    static Observation& instance();

    void begin();
    Report end();
    bool running() const { return running_.load(std::memory_order_relaxed); }

    void begin_launch(const cpu_device::LaunchRecord& launch);
    void end_launch(const cpu_device::LaunchRecord& launch);
    unsigned kernel() const { return kernel_; }
    /// The name of the current kernel's function; empty when the launch could not name it.
    const std::string& kernel_function() const { return kernel_function_; }
    /// Whether a function of this name has been launched.
    bool is_kernel(const std::string& function) const {
        return kernel_functions_.contains(function);
    }
    void add(SeenFault fault);
    /// Counts a fault that is known already.
    /// @returns whether it is; false, too, when this thread comes before the one that is named: then
    ///          the fault is to be added once more
    bool seen_again(const SightedFault& seen);
    /// A number for the place `code`, below most_sites; 0 when they are used up.
    std::uint16_t site_id(std::uint32_t code);
    std::uint32_t code_of_site(std::uint16_t id);
    /// The pointers among the current launch's arguments.
    const std::vector<std::uint64_t>& parameters() const { return kernels_[kernel_].parameters; }
    /// The index of the current kernel's parameter that points into [begin, begin + bytes); −1
    /// when there is none.
    int parameter_in(std::uint64_t begin, std::uint64_t bytes) const;

 private:
    std::atomic<bool> running_{false};
    std::mutex mutex_;
    unsigned kernel_ = 0;
    std::string kernel_function_;
    std::set<std::string> kernel_functions_;
    std::vector<SeenKernel> kernels_;
    std::vector<SeenFault> faults_;
    std::map<
        std::tuple<FaultKind, unsigned, std::uint32_t, std::uint32_t, std::string, int, CallChain>,
        std::size_t>
        known_;
    std::unordered_map<std::uint32_t, std::uint16_t> site_ids_;
    std::vector<std::uint32_t> site_codes_;
    std::size_t device_bytes_ = 0;
    std::size_t shadow_bytes_ = 0;
};

}  // namespace t2t::observer
