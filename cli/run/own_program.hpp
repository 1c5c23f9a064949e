/// @file
/// What nvcc lets every .cu file see without asking.
#pragma once

#include <cuda_runtime.h>
