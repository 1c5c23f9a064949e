/// @file
/// WMMA on the CPU device. CUDA does not say which lane holds which element of a fragment; here
/// lane l holds elements l·n to l·n + n − 1 of the matrix in row-major order.
#pragma once

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "cuda_runtime.h"

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

/// A warp's share of a matrix: A is [M, K], B is [K, N], the accumulator [M, N].
template <typename Use, int M, int N, int K, typename T, typename Layout = void>
struct fragment {
    static constexpr int rows = std::is_same_v<Use, matrix_b> ? K : M;
    static constexpr int columns = std::is_same_v<Use, matrix_a> ? K : N;
    static constexpr int num_elements = rows * columns / 32;
    using element_type = T;
    using storage_element_type = T;
    T x[num_elements];
};

template <typename Use, int M, int N, int K, typename T, typename Layout>
void fill_fragment(fragment<Use, M, N, K, T, Layout>& f, const t2t::cpu_device::Exactly<T>& value) {
    for (T& element : f.x) element = value;
}

/// Calls `visit(element, row, column)` for what the calling lane holds.
template <typename Fragment, typename Visit>
T2T_DEVICE_INLINE void for_each_element(Fragment& f, unsigned lane, Visit visit) {
    for (int i = 0; i < Fragment::num_elements; ++i) {
        const int index = static_cast<int>(lane) * Fragment::num_elements + i;
        visit(f.x[i], index / Fragment::columns, index % Fragment::columns);
    }
}

template <typename Use, int M, int N, int K, typename T, typename Layout>
T2T_DEVICE_INLINE void load_matrix_sync(
    fragment<Use, M, N, K, T, Layout>& f, const T* from, unsigned stride,
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    __syncwarp(0xffffffffu, where);
    for_each_element(f, t2t::cpu_device::lane_index(), [&](T& element, int row, int column) {
        element = std::is_same_v<Layout, row_major> ? from[row * stride + column]
                                                    : from[column * stride + row];
    });
}
template <int M, int N, int K, typename T>
T2T_DEVICE_INLINE void load_matrix_sync(
    fragment<accumulator, M, N, K, T>& f, const T* from, unsigned stride, layout_t layout,
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    __syncwarp(0xffffffffu, where);
    for_each_element(f, t2t::cpu_device::lane_index(), [&](T& element, int row, int column) {
        element =
            layout == mem_row_major ? from[row * stride + column] : from[column * stride + row];
    });
}
template <int M, int N, int K, typename T>
T2T_DEVICE_INLINE void store_matrix_sync(
    T* to, const fragment<accumulator, M, N, K, T>& f, unsigned stride, layout_t layout,
    t2t::SourceLocation where = t2t::SourceLocation::current()) {
    for_each_element(f, t2t::cpu_device::lane_index(), [&](const T& element, int row, int column) {
        (layout == mem_row_major ? to[row * stride + column] : to[column * stride + row]) = element;
    });
    __syncwarp(0xffffffffu, where);
}

/// What products of T are summed in: 32-bit integers for 8-bit ones, else float.
template <typename T>
using sum_type = std::conditional_t<std::is_integral_v<T>, int, float>;

/// D = A · B + C.
template <int M, int N, int K, typename T, typename LayoutA, typename LayoutB, typename SumD,
          typename SumC>
T2T_DEVICE_INLINE void mma_sync(fragment<accumulator, M, N, K, SumD>& d,
                                const fragment<matrix_a, M, N, K, T, LayoutA>& a,
                                const fragment<matrix_b, M, N, K, T, LayoutB>& b,
                                const fragment<accumulator, M, N, K, SumC>& c,
                                t2t::SourceLocation where = t2t::SourceLocation::current()) {
    using A = const fragment<matrix_a, M, N, K, T, LayoutA>;
    using B = const fragment<matrix_b, M, N, K, T, LayoutB>;
    using C = const fragment<accumulator, M, N, K, SumC>;
    using D = fragment<accumulator, M, N, K, SumD>;
    using Sum = sum_type<T>;
    struct Lane {
        D* d;
        A* a;
        B* b;
        C* c;
    };
    Lane mine{&d, &a, &b, &c};
    t2t::observer::mark(t2t::observer::Kind::tensor, 2 * M * N * K);
    t2t::cpu_device::warp_collective(
        0xffffffffu,
        [](unsigned arrived, void* const* payloads) {
            using t2t::cpu_device::for_each_lane;
            Sum a_matrix[M][K] = {};
            Sum b_matrix[K][N] = {};
            for_each_lane<Lane>(arrived, payloads, [&](unsigned lane, Lane& one) {
                for_each_element(*one.a, lane, [&](const T& e, int r, int k) {
                    a_matrix[r][k] = static_cast<Sum>(e);
                });
                for_each_element(*one.b, lane, [&](const T& e, int k, int n) {
                    b_matrix[k][n] = static_cast<Sum>(e);
                });
            });
            for_each_lane<Lane>(arrived, payloads, [&](unsigned lane, Lane& one) {
                D result;
                for (int i = 0; i < D::num_elements; ++i) {
                    const int index = static_cast<int>(lane) * D::num_elements + i;
                    Sum sum = static_cast<Sum>(one.c->x[i]);
                    for (int k = 0; k < K; ++k)
                        sum += a_matrix[index / N][k] * b_matrix[k][index % N];
                    result.x[i] = static_cast<SumD>(sum);
                }
                *one.d = result;
            });
        },
        &mine, {"mma_sync", where, 0xffffffffu});
}

}  // namespace nvcuda::wmma
