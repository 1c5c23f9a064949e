/// @file
/// Three ways to read memory: the ladders of chapter 02.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::memory_access {

/// y[i] = x[i], bit for bit.
struct Copy {
    const float* x = nullptr;  ///< [n]
    float* y = nullptr;        ///< [n], overwritten; must not overlap x
    std::int64_t n = 0;  ///< elements; with n = 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
    ///                               not 16-byte aligned (every address from cudaMalloc is)
    bool check() const {
        require_extent("copy", {{"n", n}}, sizeof(float));
        if (n == 0) return false;
        require_pointer("copy", "x", x, sizeof(float4));
        require_pointer("copy", "y", y, sizeof(float4));
        return true;
    }
    /// Each element is read once and written once.
    Work work() const { return {8.0 * static_cast<double>(n), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_copy_strided(const Copy& op, cudaStream_t stream);
void v2_copy_coalesced(const Copy& op, cudaStream_t stream);
void v3_copy_vectorised(const Copy& op, cudaStream_t stream);

/// The copy's ladder: what a warp's 32 addresses have to do with speed. Every launcher throws what check()
/// throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder copy_ladder{
    "copy",
    std::array{
        Rung<Copy>{"v1_copy_strided", v1_copy_strided, "a thread copies 32 neighbours in a row"},
        Rung<Copy>{"v2_copy_coalesced", v2_copy_coalesced, "a warp copies 32 neighbours at once"},
        Rung<Copy>{"v3_copy_vectorised", v3_copy_vectorised, "16 bytes per access"},
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
    float* x = nullptr;     ///< [n]
    float* y = nullptr;     ///< [n]
    float* z = nullptr;     ///< [n]
    float* mass = nullptr;  ///< [n]
};

/// Array of structures to structure of arrays: to.x[i] = from[i].x, and so on for all four fields.
struct AosToSoa {
    const Body* from = nullptr;  ///< [n]
    /// Four arrays of [n], overwritten; must not overlap each other or `from`.
    Bodies to{};
    std::int64_t n = 0;  ///< bodies; with n = 0 nothing happens and the pointers may be null
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing n, a null pointer, or a pointer that is
    ///                               not 16-byte aligned
    bool check() const {
        require_extent("aos_to_soa", {{"n", n}}, sizeof(Body));
        if (n == 0) return false;
        require_pointer("aos_to_soa", "from", from, sizeof(Body));
        require_pointer("aos_to_soa", "to.x", to.x, sizeof(float4));
        require_pointer("aos_to_soa", "to.y", to.y, sizeof(float4));
        require_pointer("aos_to_soa", "to.z", to.z, sizeof(float4));
        require_pointer("aos_to_soa", "to.mass", to.mass, sizeof(float4));
        return true;
    }
    /// Four floats of each body are read, and four written.
    Work work() const { return {32.0 * static_cast<double>(n), 0}; }
    /// For traces and messages.
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_soa_by_field(const AosToSoa& op, cudaStream_t stream);
void v2_soa_by_vector(const AosToSoa& op, cudaStream_t stream);

/// The ladder of AoS to SoA: a structure read field by field, or at once. Every launcher throws what
/// check() throws, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder aos_to_soa_ladder{
    "aos_to_soa",
    std::array{
        Rung<AosToSoa>{"v1_soa_by_field", v1_soa_by_field, "four loads of 4 bytes, 16 bytes apart"},
        Rung<AosToSoa>{"v2_soa_by_vector", v2_soa_by_vector, "one load of 16 bytes"},
    }};

/// out[i, :] = table[ids[i], :], the embedding lookup of a language model. Elements of bf16 are
/// widened to fp32, exactly.
///
/// An id below 0 or not below `rows` names no row. The host cannot see it, and reading there would
/// be undefined, so such a row of `out` becomes NaN: nothing outside the table is read, and the
/// mistake shows in whatever is computed next.
///
/// @tparam Element float or __nv_bfloat16: the type of the table
template <typename Element>
struct GatherRows {
    const Element* table = nullptr;     ///< [rows, width], row-major; may be null when rows = 0
    const std::int32_t* ids = nullptr;  ///< [count]
    float* out =
        nullptr;  ///< [count, width], row-major, overwritten; must not overlap table or ids
    std::int64_t rows = 0;   ///< rows of the table: the vocabulary
    std::int64_t width = 0;  ///< elements of a row: the embedding's width
    /// Rows to fetch: the tokens. With count = 0 or width = 0 nothing happens and the pointers may be null.
    std::int64_t count = 0;
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, `ids` not 4-byte
    ///                               aligned, `table` or `out` not 16-byte aligned
    bool check() const {
        require_extent("gather_rows", {{"rows", rows}, {"width", width}}, sizeof(Element));
        require_extent("gather_rows", {{"count", count}, {"width", width}}, sizeof(float));
        if (count == 0 || width == 0) return false;
        // An empty table has no row to read: every id is outside it.
        if (rows > 0) require_pointer("gather_rows", "table", table, sizeof(float4));
        require_pointer("gather_rows", "ids", ids, sizeof(std::int32_t));
        require_pointer("gather_rows", "out", out, sizeof(float4));
        return true;
    }
    /// For each id: the id and its row are read, and a row of floats is written.
    Work work() const {
        const double row_bytes = (sizeof(Element) + sizeof(float)) * static_cast<double>(width);
        return {static_cast<double>(count) * (row_bytes + sizeof(std::int32_t)), 0};
    }
    /// count and width, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {count, width}; }
};

template <typename Element>
void v1_gather_thread_per_row(const GatherRows<Element>& op, cudaStream_t stream);
template <typename Element>
void v2_gather_warp_per_row(const GatherRows<Element>& op, cudaStream_t stream);
template <typename Element>
void v3_gather_vectorised(const GatherRows<Element>& op, cudaStream_t stream);

/// The ladder of the row gather: which threads share a row. Every launcher throws what check() throws, and
/// t2t::CudaError when the device refuses the launch.
template <typename Element>
inline constexpr Ladder gather_rows_ladder{
    "gather_rows",
    std::array{
        Rung<GatherRows<Element>>{"v1_gather_thread_per_row", v1_gather_thread_per_row<Element>,
                                  "one thread per row"},
        Rung<GatherRows<Element>>{"v2_gather_warp_per_row", v2_gather_warp_per_row<Element>,
                                  "one warp per row"},
        Rung<GatherRows<Element>>{"v3_gather_vectorised", v3_gather_vectorised<Element>,
                                  "one warp per row, four columns per lane"},
    },
    type_text<Element>};

}  // namespace t2t::memory_access
