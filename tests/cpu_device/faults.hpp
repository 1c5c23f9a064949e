/// @file
/// Faults end the context of the process they happen in, so each is provoked in a child process.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {

/// Whether AddressSanitizer and UBSan watch this program: they end it at a bad access, with their own report.
inline bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return false;
#endif
}

/// Launches and waits. Exits with 0 when CUDA reports `expected`, having printed its message; else with 1.
[[noreturn]] inline void launch_and_exit(cudaError_t expected, void (*launch)()) {
    launch();
    cudaError_t error = cudaDeviceSynchronize();
    std::fprintf(stderr, "%s: %s\n", cudaGetErrorName(error), cudaGetErrorString(error));
    std::_Exit(error == expected ? 0 : 1);
}

/// Expects that `launch` ends with `error` and that the child's error output contains `pattern` (a POSIX
/// extended regular expression).
inline void expect_fault(cudaError_t error, const char* pattern, void (*launch)()) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // a child of fork() alone cannot use CUDA
    EXPECT_EXIT(launch_and_exit(error, launch), testing::ExitedWithCode(0), pattern);
}

}  // namespace t2t::conformance
