/// @file
/// CUDA's intrinsics on plain types: conversions, integer arithmetic, packed bytes, loads and
/// stores with a cache hint, and hints to the compiler.
#pragma once

#include "crt/cached_access.h"
#include "crt/conversions.h"
#include "crt/integer_intrinsics.h"
#include "crt/packed_intrinsics.h"

// g++ has no __builtin_assume.
#if !defined(__clang__)
#define __builtin_assume(condition) ((condition) ? void() : __builtin_unreachable())
#endif
#define __assume(condition) __builtin_assume(condition)
