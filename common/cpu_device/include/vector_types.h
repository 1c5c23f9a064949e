/// @file
/// CUDA's vector types, with the sizes and alignments that CUDA gives them, and dim3.
#pragma once

#include "crt/host_defines.h"

/// A vector of `bytes` alignment. Kernels read float buffers through float4 pointers, so a vector
/// may alias any other type.
#define T2T_VECTOR(bytes) struct [[gnu::may_alias]] alignas(bytes)

// A table: one line a type.
// clang-format off
T2T_VECTOR(1) char1 { signed char x; };
T2T_VECTOR(2) char2 { signed char x, y; };
T2T_VECTOR(1) char3 { signed char x, y, z; };
T2T_VECTOR(4) char4 { signed char x, y, z, w; };

T2T_VECTOR(1) uchar1 { unsigned char x; };
T2T_VECTOR(2) uchar2 { unsigned char x, y; };
T2T_VECTOR(1) uchar3 { unsigned char x, y, z; };
T2T_VECTOR(4) uchar4 { unsigned char x, y, z, w; };

T2T_VECTOR(2) short1 { short x; };
T2T_VECTOR(4) short2 { short x, y; };
T2T_VECTOR(2) short3 { short x, y, z; };
T2T_VECTOR(8) short4 { short x, y, z, w; };

T2T_VECTOR(2) ushort1 { unsigned short x; };
T2T_VECTOR(4) ushort2 { unsigned short x, y; };
T2T_VECTOR(2) ushort3 { unsigned short x, y, z; };
T2T_VECTOR(8) ushort4 { unsigned short x, y, z, w; };

T2T_VECTOR(4) int1 { int x; };
T2T_VECTOR(8) int2 { int x, y; };
T2T_VECTOR(4) int3 { int x, y, z; };
T2T_VECTOR(16) int4 { int x, y, z, w; };

T2T_VECTOR(4) uint1 { unsigned int x; };
T2T_VECTOR(8) uint2 { unsigned int x, y; };
T2T_VECTOR(4) uint3 { unsigned int x, y, z; };
T2T_VECTOR(16) uint4 { unsigned int x, y, z, w; };

T2T_VECTOR(8) long1 { long x; };
T2T_VECTOR(16) long2 { long x, y; };
T2T_VECTOR(8) long3 { long x, y, z; };
T2T_VECTOR(16) long4 { long x, y, z, w; };
T2T_VECTOR(16) long4_16a { long x, y, z, w; };
T2T_VECTOR(32) long4_32a { long x, y, z, w; };

T2T_VECTOR(8) ulong1 { unsigned long x; };
T2T_VECTOR(16) ulong2 { unsigned long x, y; };
T2T_VECTOR(8) ulong3 { unsigned long x, y, z; };
T2T_VECTOR(16) ulong4 { unsigned long x, y, z, w; };
T2T_VECTOR(16) ulong4_16a { unsigned long x, y, z, w; };
T2T_VECTOR(32) ulong4_32a { unsigned long x, y, z, w; };

T2T_VECTOR(8) longlong1 { long long x; };
T2T_VECTOR(16) longlong2 { long long x, y; };
T2T_VECTOR(8) longlong3 { long long x, y, z; };
T2T_VECTOR(16) longlong4 { long long x, y, z, w; };
T2T_VECTOR(16) longlong4_16a { long long x, y, z, w; };
T2T_VECTOR(32) longlong4_32a { long long x, y, z, w; };

T2T_VECTOR(8) ulonglong1 { unsigned long long x; };
T2T_VECTOR(16) ulonglong2 { unsigned long long x, y; };
T2T_VECTOR(8) ulonglong3 { unsigned long long x, y, z; };
T2T_VECTOR(16) ulonglong4 { unsigned long long x, y, z, w; };
T2T_VECTOR(16) ulonglong4_16a { unsigned long long x, y, z, w; };
T2T_VECTOR(32) ulonglong4_32a { unsigned long long x, y, z, w; };

T2T_VECTOR(4) float1 { float x; };
T2T_VECTOR(8) float2 { float x, y; };
T2T_VECTOR(4) float3 { float x, y, z; };
T2T_VECTOR(16) float4 { float x, y, z, w; };

T2T_VECTOR(8) double1 { double x; };
T2T_VECTOR(16) double2 { double x, y; };
T2T_VECTOR(8) double3 { double x, y, z; };
T2T_VECTOR(16) double4 { double x, y, z, w; };
T2T_VECTOR(16) double4_16a { double x, y, z, w; };
T2T_VECTOR(32) double4_32a { double x, y, z, w; };
    // clang-format on

#undef T2T_VECTOR

/// The extent of a grid in blocks, or of a block in threads; dimensions left out are 1.
struct dim3 {
    unsigned int x, y, z;
    constexpr dim3(unsigned int x = 1, unsigned int y = 1, unsigned int z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 extent) : x(extent.x), y(extent.y), z(extent.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};
