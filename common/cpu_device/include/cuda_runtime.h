/// @file
/// Everything that a .cu file sees without asking: CUDA's keywords, types, built-in variables,
/// device functions, the runtime API, and launches. Served by the CPU device in place of the
/// toolkit's header.
#pragma once

/// Programs ask by this name whether the runtime API is there, such as NVIDIA's helper_cuda.h.
#define __CUDA_RUNTIME_H__

#include <cassert>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "crt/host_defines.h"
#include "crt/memory_functions.h"
#include "cuda_runtime_api.h"
#include "device_intrinsics.h"
#include "driver_types.h"
#include "math_functions.h"
#include "vector_functions.h"
#include "vector_types.h"

#include "common/cpu_device/runtime/arithmetic.hpp"
#include "common/cpu_device/runtime/atomics.hpp"
#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/functions.hpp"
#include "common/cpu_device/runtime/launch.hpp"
#include "common/cpu_device/runtime/synchronization.hpp"
#include "common/cpu_device/runtime/typed_api.hpp"
#include "common/cpu_device/runtime/warp.hpp"
