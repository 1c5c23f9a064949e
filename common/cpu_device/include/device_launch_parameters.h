/// @file
/// threadIdx, blockIdx, blockDim and gridDim, for editors that want to see where they come from.
#pragma once

#include "cuda_runtime.h"
