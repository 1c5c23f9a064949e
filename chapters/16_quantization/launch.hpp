/// @file
/// What the rungs of the GEMV need around their kernels: a grid.
#pragma once

#include <cstdint>

#include "common/device/arguments.hpp"

namespace t2t::quantization {

/// The grid of a GEMV whose blocks have one row of x and `rows_per_block` rows of w each. Block b
/// has row b mod m of x: blocks that read the same weights start one after the other, so that all
/// but the first find them in L2.
/// @param m rows of x
/// @param n rows of w
inline unsigned gemv_blocks(std::int64_t m, std::int64_t n, std::int64_t rows_per_block) {
    return require_blocks("gemv", ceil_div(n, rows_per_block) * m);
}

}  // namespace t2t::quantization
