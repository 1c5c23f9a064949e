/// @file
/// Three ways to read memory: the ladders of chapter 02.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::memory_access {

/// y[i] = x[i], bit for bit.
///
/// @param x      [n]
/// @param y      [n], overwritten; must not overlap x
/// @param n      elements, 0 or more; with n = 0 nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
///                               not 16-byte aligned (every address from cudaMalloc is)
/// @throws t2t::CudaError        the device refused the launch
using Copy = void(const float* x, float* y, std::int64_t n, cudaStream_t stream);

Copy v1_copy_strided;
Copy v2_copy_coalesced;
Copy v3_copy_vectorised;

/// The copy's ladder: what a warp's 32 addresses have to do with speed.
inline constexpr Ladder copy_ladder{
    "copy",
    std::array{
        Rung<Copy>{"v1_copy_strided", v1_copy_strided, "a thread copies 32 neighbours in a row"},
        Rung<Copy>{"v2_copy_coalesced", v2_copy_coalesced, "a warp copies 32 neighbours at once"},
        Rung<Copy>{"v3_copy_vectorised", v3_copy_vectorised, "16 bytes an access"},
    }};

/// A body of a simulation: four fields side by side, as C++ programs like to keep them.
struct Body {
    float x;     ///< position
    float y;     ///< position
    float z;     ///< position
    float mass;  ///< weight of its pull on the others
};

/// One array for each field of Body: as GPUs like to keep them.
struct Bodies {
    float* x;     ///< [n]
    float* y;     ///< [n]
    float* z;     ///< [n]
    float* mass;  ///< [n]
};

/// Array of structures to structure of arrays: to.x[i] = from[i].x, and so on for all four fields.
///
/// @param from   [n]
/// @param to     four arrays of [n], overwritten; must not overlap each other or `from`
/// @param n      bodies, 0 or more; with n = 0 nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
///                               not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
using AosToSoa = void(const Body* from, Bodies to, std::int64_t n, cudaStream_t stream);

AosToSoa v1_soa_by_field;
AosToSoa v2_soa_by_vector;

/// The ladder of AoS to SoA: a structure read field by field, or at once.
inline constexpr Ladder aos_to_soa_ladder{
    "aos_to_soa",
    std::array{
        Rung<AosToSoa>{"v1_soa_by_field", v1_soa_by_field, "four loads of 4 bytes, 16 bytes apart"},
        Rung<AosToSoa>{"v2_soa_by_vector", v2_soa_by_vector, "one load of 16 bytes"},
    }};

/// Sizes of a row gather.
struct GatherShape {
    std::int64_t rows;   ///< rows of the table: the vocabulary
    std::int64_t width;  ///< elements of a row: the embedding's width
    std::int64_t count;  ///< rows to fetch: the tokens
};

/// out[i, :] = table[ids[i], :], the embedding lookup of a language model. Elements of bf16 are
/// widened to fp32, exactly.
///
/// An id below 0 or not below `rows` names no row. The host cannot see it, and reading there would
/// be undefined, so such a row of `out` becomes NaN: nothing outside the table is read, and the
/// mistake shows in whatever is computed next.
///
/// @tparam Element float or __nv_bfloat16: the type of the table
/// @param table  [rows, width], row-major
/// @param ids    [count]
/// @param out    [count, width], row-major, overwritten; must not overlap table or ids
/// @param shape  any sizes; with count = 0 or width = 0 nothing happens and the pointers may be
///               null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, `ids` not 4-byte
///                               aligned, `table` or `out` not 16-byte aligned
/// @throws t2t::CudaError        the device refused the launch
template <typename Element>
using GatherRows = void(const Element* table, const std::int32_t* ids, float* out,
                        GatherShape shape, cudaStream_t stream);

template <typename Element>
void v1_gather_thread_per_row(const Element* table, const std::int32_t* ids, float* out,
                              GatherShape shape, cudaStream_t stream);
template <typename Element>
void v2_gather_warp_per_row(const Element* table, const std::int32_t* ids, float* out,
                            GatherShape shape, cudaStream_t stream);
template <typename Element>
void v3_gather_vectorised(const Element* table, const std::int32_t* ids, float* out,
                          GatherShape shape, cudaStream_t stream);

/// The ladder of the row gather: which threads share a row.
template <typename Element>
inline constexpr Ladder gather_rows_ladder{
    "gather_rows",
    std::array{
        Rung<GatherRows<Element>>{"v1_gather_thread_per_row", v1_gather_thread_per_row<Element>,
                                  "a thread a row"},
        Rung<GatherRows<Element>>{"v2_gather_warp_per_row", v2_gather_warp_per_row<Element>,
                                  "a warp a row"},
        Rung<GatherRows<Element>>{"v3_gather_vectorised", v3_gather_vectorised<Element>,
                                  "a warp a row, four columns a lane"},
    }};

}  // namespace t2t::memory_access
