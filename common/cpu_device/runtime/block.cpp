#include "common/cpu_device/runtime/block.hpp"

#include "common/cpu_device/runtime/scheduler.hpp"

constinit thread_local uint3 threadIdx{0, 0, 0};
constinit thread_local uint3 blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{1, 1, 1};
constinit thread_local dim3 gridDim{1, 1, 1};

namespace t2t::cpu_device {

constinit thread_local Cursor cursor;
constinit thread_local unsigned calls_since_yield = 0;

bool start_next_thread() {
    return scheduler().start_next_thread();
}

void finish_tracked_thread() {
    scheduler().finish_tracked_thread();
}

Departure arrive_at_barrier(bool predicate, const Wait& wait) {
    return scheduler().arrive_at_barrier(predicate, wait);
}
const BarrierVotes& barrier_votes() {
    return scheduler().votes();
}

Departure arrive_at_collective(unsigned mask, Collective compute, void* payload, const Wait& wait) {
    return scheduler().arrive_at_collective(mask, compute, payload, wait);
}

unsigned active_mask(const Wait& wait) {
    return scheduler().active_mask(wait);
}

void yield_thread() {
    scheduler().yield();
}

}  // namespace t2t::cpu_device
