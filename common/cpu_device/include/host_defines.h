/// @file
/// CUDA's keywords, under the name that programs include.
#pragma once

#include "crt/host_defines.h"
