/// @file
/// What the rungs of chapter 02 need around their kernels: checked arguments.
#pragma once

#include <cstdint>
#include <limits>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/device/arguments.hpp"

namespace t2t::memory_access {

/// Threads in a block, for all rungs.
inline constexpr int block_size = 256;
/// Lanes of a warp.
inline constexpr int warp_size = 32;
/// What a row of `out` holds when its id names no row of the table.
inline constexpr float no_such_row = std::numeric_limits<float>::quiet_NaN();

/// Checks the arguments of a copy. @returns false when there is nothing to do.
inline bool has_work(const float* x, const float* y, std::int64_t n) {
    require_size("copy", "n", n);
    require_extent("copy", 1, n, sizeof(float));
    if (n == 0) return false;
    require_pointer("copy", "x", x, sizeof(float4));
    require_pointer("copy", "y", y, sizeof(float4));
    return true;
}

/// Checks the arguments of AoS to SoA. @returns false when there is nothing to do.
inline bool has_work(const Body* from, const Bodies& to, std::int64_t n) {
    require_size("aos_to_soa", "n", n);
    require_extent("aos_to_soa", 1, n, sizeof(Body));
    if (n == 0) return false;
    require_pointer("aos_to_soa", "from", from, sizeof(Body));
    require_pointer("aos_to_soa", "to.x", to.x, sizeof(float4));
    require_pointer("aos_to_soa", "to.y", to.y, sizeof(float4));
    require_pointer("aos_to_soa", "to.z", to.z, sizeof(float4));
    require_pointer("aos_to_soa", "to.mass", to.mass, sizeof(float4));
    return true;
}

/// Checks the arguments of a row gather. @returns false when there is nothing to do.
template <typename Element>
bool has_work(const Element* table, const std::int32_t* ids, const float* out,
              const GatherShape& shape) {
    require_size("gather_rows", "width", shape.width);
    require_extent("gather_rows", shape.rows, shape.width, sizeof(Element));
    require_size("gather_rows", "count", shape.count);
    require_extent("gather_rows", shape.count, shape.width, sizeof(float));
    if (shape.count == 0 || shape.width == 0) return false;
    // An empty table has no row to read: every id is outside it.
    if (shape.rows > 0) require_pointer("gather_rows", "table", table, sizeof(float4));
    require_pointer("gather_rows", "ids", ids, sizeof(std::int32_t));
    require_pointer("gather_rows", "out", out, sizeof(float4));
    return true;
}

}  // namespace t2t::memory_access
