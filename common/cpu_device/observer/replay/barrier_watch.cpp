#include "common/cpu_device/observer/replay/barrier_watch.hpp"

#include <string>
#include <string_view>

#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/replay/thread_place.hpp"

namespace t2t::observer {
namespace {

SourceLine line_of(const cpu_device::Wait& wait) {
    return {wait.where.file, static_cast<int>(wait.where.line), {}};
}

void add_fault(const cpu_device::Wait& wait, const ThreadPlace& thread, std::string detail) {
    SeenFault fault;
    fault.kind = FaultKind::divergent_barrier;
    fault.kernel = Observation::instance().kernel();
    fault.place = line_of(wait);
    fault.thread = thread;
    fault.detail = std::move(detail);
    Observation::instance().add(std::move(fault));
}

}  // namespace

void BarrierWatch::arrive(unsigned thread, const cpu_device::Wait& wait) {
    if (first_ == nullptr) {
        first_ = &wait;
        first_place_ = place_of(thread);
    } else if (wait.where.line != first_->where.line ||
               std::string_view(wait.where.file) != first_->where.file) {
        add_fault(wait, place_of(thread),
                  "waits in " + std::string(wait.what) + " here while thread " +
                      std::to_string(first_place_.thread.x) + " of the block waits at line " +
                      std::to_string(first_->where.line));
    }
}

void BarrierWatch::complete(unsigned ended) {
    if (ended != 0 && first_ != nullptr) {
        add_fault(*first_, first_place_,
                  "waits in " + std::string(first_->what) + ", which " + std::to_string(ended) +
                      " of the block's threads never reach: they have left the kernel");
    }
    first_ = nullptr;
}

void BarrierWatch::stuck(unsigned thread, const cpu_device::Wait& wait) {
    stuck_ = &wait;
    stuck_place_ = place_of(thread);
}

void BarrierWatch::name_first_waiter(SeenFault& fault) const {
    if (first_ == nullptr) return;
    fault.place = line_of(*first_);
    fault.thread = first_place_;
}

void BarrierWatch::name_stuck(SeenFault& fault) const {
    if (stuck_ == nullptr) return;
    fault.place = line_of(*stuck_);
    fault.thread = stuck_place_;
}

}  // namespace t2t::observer
