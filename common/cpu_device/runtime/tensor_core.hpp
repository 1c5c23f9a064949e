/// @file
/// mma.sync and ldmatrix on the CPU device: the last lane of the warp to arrive computes for all,
/// with the registers laid out as on a GPU (PTX ISA, "Warp-level matrix instructions").
#pragma once

#include <cstdint>
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/faults.hpp"

namespace t2t::cpu_device {

/// How a product's operands are packed into 32-bit registers, and what it accumulates in.
struct Fp16 {
    using Sum = float;
    static constexpr int per_register = 2;
    static float value(std::uint32_t bits, int i) {
        return __half2float(__ushort_as_half(static_cast<unsigned short>(bits >> 16 * i)));
    }
};
struct Bf16 {
    using Sum = float;
    static constexpr int per_register = 2;
    static float value(std::uint32_t bits, int i) {
        return __bfloat162float(__ushort_as_bfloat16(static_cast<unsigned short>(bits >> 16 * i)));
    }
};
struct Int8 {
    using Sum = std::int32_t;
    static constexpr int per_register = 4;
    static std::int32_t value(std::uint32_t bits, int i) {
        return static_cast<std::int8_t>(bits >> 8 * i);
    }
};

/// D[16, 8] = A[16, K] · B[K, 8] + C.
template <typename Type, int K, int ARegisters, int BRegisters>
T2T_DEVICE_INLINE void mma(typename Type::Sum (&d)[4], const std::uint32_t (&a)[ARegisters],
                           const std::uint32_t (&b)[BRegisters], const typename Type::Sum (&c)[4],
                           const Wait& wait) {
    using Sum = typename Type::Sum;
    constexpr int packed = Type::per_register;
    constexpr int half_k = 4 * packed;  // columns of A that a[0] and a[1] cover
    static_assert(ARegisters == 2 * K / half_k && BRegisters == K / half_k);
    struct Lane {
        Sum* d;
        const std::uint32_t* a;
        const std::uint32_t* b;
        const Sum* c;
    };
    Lane mine{d, a, b, c};
    observer::mark(observer::Kind::tensor, 2 * 16 * 8 * K);
    warp_collective(
        wait.mask,
        [](unsigned arrived, void* const* payloads) {
            if (arrived != 0xffffffffu)
                return;  // undefined on a GPU; the results stay as they were
            Sum a_matrix[16][K];
            Sum b_matrix[K][8];
            for (int lane = 0; lane < 32; ++lane) {
                const Lane& one = *static_cast<const Lane*>(payloads[lane]);
                const int group = lane / 4;
                const int member = lane % 4;
                for (int r = 0; r < ARegisters; ++r) {
                    for (int i = 0; i < packed; ++i) {
                        a_matrix[group + r % 2 * 8][member * packed + i + r / 2 * half_k] =
                            Type::value(one.a[r], i);
                    }
                }
                for (int r = 0; r < BRegisters; ++r) {
                    for (int i = 0; i < packed; ++i) {
                        b_matrix[member * packed + i + r * half_k][group] =
                            Type::value(one.b[r], i);
                    }
                }
            }
            for (int lane = 0; lane < 32; ++lane) {
                Lane& one = *static_cast<Lane*>(payloads[lane]);
                for (int r = 0; r < 4; ++r) {
                    const int row = lane / 4 + r / 2 * 8;
                    const int column = lane % 4 * 2 + r % 2;
                    Sum sum = one.c[r];
                    for (int k = 0; k < K; ++k) sum += a_matrix[row][k] * b_matrix[k][column];
                    one.d[r] = sum;
                }
            }
        },
        &mine, wait);
}

/// Loads `Count` 8×8 matrices of 16-bit elements whose rows the lanes name.
template <int Count, bool Transposed>
T2T_DEVICE_INLINE void ldmatrix(std::uint32_t* registers, const void* row, const Wait& wait) {
    struct Lane {
        std::uint32_t* registers;
        const unsigned char* row;
    };
    Lane mine{registers, static_cast<const unsigned char*>(row)};
    if (lane_index() < 8 * Count) observer::access(observer::Kind::read, row, 16);
    if (linear_thread() % warp_size < 8 * Count &&
        reinterpret_cast<std::uintptr_t>(row) % 16 != 0) {
        fault(cudaErrorMisalignedAddress,
              std::string(wait.what) + " reads a row whose address is not a multiple of 16");
    }
    warp_collective(
        wait.mask,
        [](unsigned arrived, void* const* payloads) {
            if (arrived != 0xffffffffu) return;
            const auto element = [&](int matrix, int r, int column) {
                std::uint16_t value;
                std::memcpy(&value,
                            static_cast<const Lane*>(payloads[matrix * 8 + r])->row + 2 * column,
                            2);
                return std::uint32_t{value};
            };
            for (int lane = 0; lane < 32; ++lane) {
                for (int matrix = 0; matrix < Count; ++matrix) {
                    const int r = lane / 4;
                    const int column = lane % 4 * 2;
                    static_cast<Lane*>(payloads[lane])->registers[matrix] =
                        Transposed
                            ? element(matrix, column, r) | element(matrix, column + 1, r) << 16
                            : element(matrix, r, column) | element(matrix, r, column + 1) << 16;
                }
            }
        },
        &mine, wait);
}

}  // namespace t2t::cpu_device
