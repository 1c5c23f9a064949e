/// @file
/// As nvtx3/nvToolsExtCudaRt.h, under the name of CUDA 11 and before.
#pragma once

#include "nvtx3/nvToolsExtCudaRt.h"
