/// @file
/// Device functions: cuda_runtime.h has them all. Programs of CUDA 9 and before include this header.
#pragma once

#include "cuda_runtime.h"
