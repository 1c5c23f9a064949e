#include "common/cpu_device/runtime/block.hpp"

#include "common/cpu_device/runtime/scheduler.hpp"

// All of them begin as zeros, so that they lie side by side: a check build tells what kernels read
// there from shared memory by the address (observer/replay/address_map.cpp).
constinit thread_local uint3 threadIdx{0, 0, 0};
constinit thread_local uint3 blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{0, 0, 0};
constinit thread_local dim3 gridDim{0, 0, 0};

namespace t2t::cpu_device {

constinit thread_local Cursor cursor;
constinit thread_local unsigned calls_since_yield = 0;

}  // namespace t2t::cpu_device

#if defined(T2T_OBSERVE)
#define T2T_WAITING
#include "common/cpu_device/runtime/waiting.inc"
#endif
