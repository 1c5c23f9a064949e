#include "common/cpu_device/runtime/block.hpp"

#include "common/cpu_device/runtime/scheduler.hpp"

constinit thread_local uint3 threadIdx{0, 0, 0};
constinit thread_local uint3 blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{1, 1, 1};
constinit thread_local dim3 gridDim{1, 1, 1};

namespace t2t::cpu_device {

constinit thread_local Cursor cursor;
constinit thread_local unsigned calls_since_yield = 0;

}  // namespace t2t::cpu_device
