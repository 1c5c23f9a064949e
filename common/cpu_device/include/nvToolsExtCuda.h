/// @file
/// Marks for a profiler about the driver API, under the name of CUDA 11 and before.
#pragma once

#include "cuda.h"
#include "nvtx3/nvToolsExtCudaRt.h"
