/// @file
/// Marks for a profiler, under the name of CUDA 11 and before.
#pragma once

#include "nvtx3/nvToolsExt.h"
