/// @file
/// Sees every access of every kernel: the library behind `t2t check`.
///
/// In a check build (CMake preset `cpu-check`) the compiler calls a hook before each load and store
/// of every .cu file, without a change to the source. In any other build nothing can be seen, and
/// can_observe() says so.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::observer {

/// Whether this is a check build.
constexpr bool can_observe() {
#if defined(T2T_OBSERVE)
    return true;
#else
    return false;
#endif
}

/// Runs `work` and reports on the kernels that it launches. Only one observation at a time.
///
/// A kernel that traps ends with a fault in the report, not with an exception of this function;
/// what `work` itself throws because of it is swallowed. The device is usable afterwards.
/// @throws whatever `work` throws when no kernel has trapped
/// @throws std::logic_error when this is no check build
Report observe(const std::function<void()>& work);

/// Memory that a program has allocated and not freed.
struct LiveAllocations {
    SourceLine allocated;   ///< where; unknown when no line of the program's led there
    std::size_t count = 0;  ///< allocations made there that are still alive
    std::size_t bytes = 0;  ///< of all of them
};

/// What is allocated now, by line: at a program's end, its leaks. In the order of files and lines.
std::vector<LiveAllocations> live_allocations();

}  // namespace t2t::observer
