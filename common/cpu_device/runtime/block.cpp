#include "common/cpu_device/runtime/block.hpp"

#include "common/cpu_device/runtime/scheduler.hpp"

// All of them begin as zeros, so that they lie side by side: a check build tells what kernels read
// there from shared memory by the address (observer/block_observer.cpp).
constinit thread_local uint3 threadIdx{0, 0, 0};
constinit thread_local uint3 blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{0, 0, 0};
constinit thread_local dim3 gridDim{0, 0, 0};

namespace t2t::cpu_device {

constinit thread_local Cursor cursor;
constinit thread_local unsigned calls_since_yield = 0;

#if defined(T2T_OBSERVE)
void depart(Departure departure) {
    if (departure.to == nullptr) return;
    const uint3 index = threadIdx;
    const bool observed = observer::leave_thread();
    const auto arrived = boost::context::detail::jump_fcontext(
        departure.to, reinterpret_cast<void*>(departure.from));
    fiber_contexts[reinterpret_cast<std::uintptr_t>(arrived.data)] = arrived.fctx;
    threadIdx = index;
    if (observed) observer::resume_thread();
}

void memory_may_change() {
    constexpr unsigned calls_between_yields = 512;
    if (++calls_since_yield < calls_between_yields) return;
    calls_since_yield = 0;
    yield_thread();
}
#endif

}  // namespace t2t::cpu_device
