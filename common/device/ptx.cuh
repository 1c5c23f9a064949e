/// @file
/// Instructions that CUDA C++ has no function for, as thin wrappers: tensor-core products, matrix
/// loads, asynchronous copies. Inline PTX on a GPU; the same lane-by-lane data movement on the CPU
/// device.
///
/// Fragments are 32-bit registers as the PTX ISA lays them out (section "Warp-level matrix
/// instructions"). With group = lane / 4 and member = lane % 4, a lane of an m16n8 product holds
///
///     A, 16-bit  a[0] row group      columns 2·member, +1     a[2] the same row, columns + 8
///                a[1] row group + 8, the same columns         a[3] row group + 8, columns + 8
///     B, 16-bit  b[0] rows 2·member, +1 of column group       b[1] rows + 8
///     A, 8-bit   the same with 4·member … + 3, and + 16 in place of + 8
///     C and D    c[0], c[1] row group, columns 2·member, +1   c[2], c[3] row group + 8
///
/// All lanes of the warp must call together.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#if !defined(__CUDACC__)
#include "common/cpu_device/runtime/async_copy.hpp"
#include "common/cpu_device/runtime/tensor_core.hpp"
#endif

namespace t2t::ptx {

#if defined(__CUDACC__)

/// Address of `pointer` within shared memory, as PTX wants it.
__device__ inline std::uint32_t shared_address(const void* pointer) {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

/// D[16, 8] = A[16, 16] · B[16, 8] + C, fp16 in, fp32 accumulate. Needs compute capability 8.0.
__device__ inline void mma_m16n8k16_f16(float (&d)[4], const std::uint32_t (&a)[4],
                                        const std::uint32_t (&b)[2], const float (&c)[4]) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]),
          "f"(c[2]), "f"(c[3]));
#else
    __trap();
#endif
}

/// D[16, 8] = A[16, 16] · B[16, 8] + C, bf16 in, fp32 accumulate. Needs compute capability 8.0.
__device__ inline void mma_m16n8k16_bf16(float (&d)[4], const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2], const float (&c)[4]) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]),
          "f"(c[2]), "f"(c[3]));
#else
    __trap();
#endif
}

/// D[16, 8] = A[16, 8] · B[8, 8] + C, fp16 in, fp32 accumulate: a[0] and a[1], b[0] only.
__device__ inline void mma_m16n8k8_f16(float (&d)[4], const std::uint32_t (&a)[2], std::uint32_t b,
                                       const float (&c)[4]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%8,%9,%10};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}

/// D[16, 8] = A[16, 32] · B[32, 8] + C, signed 8-bit in, 32-bit accumulate. Needs compute
/// capability 8.0.
__device__ inline void mma_m16n8k32_s8(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                                       const std::uint32_t (&b)[2], const std::int32_t (&c)[4]) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
        : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(c[0]), "r"(c[1]),
          "r"(c[2]), "r"(c[3]));
#else
    __trap();
#endif
}

/// Loads one 8×8 matrix of 16-bit elements from shared memory. Lane i < 8 names row i (16 bytes,
/// aligned); lane l receives elements 2·(l % 4) and + 1 of row l / 4.
__device__ inline void ldmatrix_x1(std::uint32_t& r, const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(r)
                 : "r"(shared_address(row))
                 : "memory");
}
/// Two matrices: lanes 8 to 15 name the rows of the second.
__device__ inline void ldmatrix_x2(std::uint32_t (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
}
/// Four matrices: lanes 8·j to 8·j + 7 name the rows of matrix j.
__device__ inline void ldmatrix_x4(std::uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}
/// ldmatrix_x1 of the transpose: lane l receives elements 2·(l % 4) and + 1 of column l / 4.
__device__ inline void ldmatrix_x1_trans(std::uint32_t& r, const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                 : "=r"(r)
                 : "r"(shared_address(row))
                 : "memory");
}
/// ldmatrix_x2 of the transposes.
__device__ inline void ldmatrix_x2_trans(std::uint32_t (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
}
/// ldmatrix_x4 of the transposes.
__device__ inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}

/// Begins to copy `Bytes` (4, 8 or 16) from global to shared memory; both addresses aligned to
/// Bytes. The data is there after cp_async_wait, for this thread; for others after a barrier that
/// follows. Reads only the first `valid` bytes and fills up with zeros. Needs compute capability
/// 8.0.
template <int Bytes>
__device__ inline void cp_async(void* shared, const void* global, int valid = Bytes) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(shared)),
                 "l"(global), "n"(Bytes), "r"(valid)
                 : "memory");
#else
    __trap();
#endif
}
/// Closes the group of all copies that this thread has begun since the last commit.
__device__ inline void cp_async_commit() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
/// Waits until at most `Groups` of this thread's latest groups are still under way.
template <int Groups>
__device__ inline void cp_async_wait() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
#endif
}

#else  // the CPU device

inline void mma_m16n8k16_f16(float (&d)[4], const std::uint32_t (&a)[4],
                             const std::uint32_t (&b)[2], const float (&c)[4],
                             SourceLocation where = SourceLocation::current()) {
    cpu_device::mma<cpu_device::Fp16, 16>(d, a, b, c, {"mma_m16n8k16_f16", where, 0xffffffffu});
}
inline void mma_m16n8k16_bf16(float (&d)[4], const std::uint32_t (&a)[4],
                              const std::uint32_t (&b)[2], const float (&c)[4],
                              SourceLocation where = SourceLocation::current()) {
    cpu_device::mma<cpu_device::Bf16, 16>(d, a, b, c, {"mma_m16n8k16_bf16", where, 0xffffffffu});
}
inline void mma_m16n8k8_f16(float (&d)[4], const std::uint32_t (&a)[2], std::uint32_t b,
                            const float (&c)[4], SourceLocation where = SourceLocation::current()) {
    const std::uint32_t b_registers[1] = {b};
    cpu_device::mma<cpu_device::Fp16, 8>(d, a, b_registers, c,
                                         {"mma_m16n8k8_f16", where, 0xffffffffu});
}
inline void mma_m16n8k32_s8(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                            const std::uint32_t (&b)[2], const std::int32_t (&c)[4],
                            SourceLocation where = SourceLocation::current()) {
    cpu_device::mma<cpu_device::Int8, 32>(d, a, b, c, {"mma_m16n8k32_s8", where, 0xffffffffu});
}

inline void ldmatrix_x1(std::uint32_t& r, const void* row,
                        SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<1, false>(&r, row, {"ldmatrix_x1", where, 0xffffffffu});
}
inline void ldmatrix_x2(std::uint32_t (&r)[2], const void* row,
                        SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<2, false>(r, row, {"ldmatrix_x2", where, 0xffffffffu});
}
inline void ldmatrix_x4(std::uint32_t (&r)[4], const void* row,
                        SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<4, false>(r, row, {"ldmatrix_x4", where, 0xffffffffu});
}
inline void ldmatrix_x1_trans(std::uint32_t& r, const void* row,
                              SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<1, true>(&r, row, {"ldmatrix_x1_trans", where, 0xffffffffu});
}
inline void ldmatrix_x2_trans(std::uint32_t (&r)[2], const void* row,
                              SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<2, true>(r, row, {"ldmatrix_x2_trans", where, 0xffffffffu});
}
inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row,
                              SourceLocation where = SourceLocation::current()) {
    cpu_device::ldmatrix<4, true>(r, row, {"ldmatrix_x4_trans", where, 0xffffffffu});
}

template <int Bytes>
void cp_async(void* shared, const void* global, int valid = Bytes) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
    cpu_device::begin_async_copy(shared, global, Bytes, valid);
}
inline void cp_async_commit() {
    cpu_device::commit_async_copies();
}
template <int Groups>
void cp_async_wait() {
    cpu_device::wait_for_async_copies(Groups);
}

#endif

}  // namespace t2t::ptx
