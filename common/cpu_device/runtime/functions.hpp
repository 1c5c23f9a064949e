/// @file
/// Other functions of device code: clocks, traps, address spaces.
#pragma once

#include <chrono>

#include "common/cpu_device/runtime/faults.hpp"

namespace t2t::cpu_device {

/// What the translator puts in the place of inline PTX.
[[gnu::error("inline PTX")]] void inline_ptx();

/// What it puts before what nvcc would refuse.
[[gnu::error("a kernel is launched and not called; write kernel<<<grid, block>>>(arguments)")]] void
kernel_that_is_called();
[[gnu::error(
    "device code calls a function of the host; write __host__ __device__ before that function")]] void
host_function_in_device_code();
[[gnu::error(
    "the host calls a __device__ function; write __host__ __device__ before that function")]] void
device_function_in_host_code();
[[gnu::error(
    "__shared__ memory takes no initial value; let one thread write it, then call __syncthreads()")]] void
initialised_shared_memory();

}  // namespace t2t::cpu_device

/// A counter that grows steadily; here it counts nanoseconds, on a GPU cycles of one SM.
inline long long clock64() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// Ends the launch with cudaErrorLaunchFailure.
[[noreturn]] inline void __trap() {
    t2t::cpu_device::fault(cudaErrorLaunchFailure, "__trap() was called");
}

/// A breakpoint: without a debugger the launch ends there.
[[noreturn]] inline void __brkpt() {
    t2t::cpu_device::fault(cudaErrorLaunchFailure, "__brkpt() was called");
}
/// Counts for a profiler; nobody looks here.
inline void __prof_trigger(int /*counter*/) {}
