/// @file
/// Numbers in fewer bits, in float64.
#pragma once

#include <span>
#include <vector>

namespace t2t::lab::reference {

/// The multiple of bf16's spacing that is nearest to x[i], ties to even; infinity from half a
/// spacing beyond the largest bf16 value on. NaN stays NaN.
/// @param x  [n]
/// @returns  [n]
std::vector<double> round_to_bf16(std::span<const float> x);

}  // namespace t2t::lab::reference
