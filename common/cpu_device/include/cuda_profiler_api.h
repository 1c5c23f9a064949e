/// @file
/// Where a profiler begins and ends to measure. No profiler watches the CPU device, so both do nothing.
#pragma once

#include "cuda_runtime_api.h"

inline cudaError_t cudaProfilerStart() {
    return cudaSuccess;
}
inline cudaError_t cudaProfilerStop() {
    return cudaSuccess;
}
