/// @file
/// Activations as plain loops in float64. No reference shares code with a kernel.
#pragma once

#include <span>
#include <vector>

#include "common/device/activation.hpp"
#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// y[i] = ½ x[i] (1 + tanh(√(2/π) (x[i] + 0.044715 x[i]³))): GELU in its tanh form.
/// @param x  [n]
/// @returns  [n]
std::vector<double> gelu(std::span<const float> x);

/// function(x) in float64, as ActivationFunction writes it down.
double activation(ActivationFunction function, double x);

/// y[i] = function(x[i]).
/// @param function which one
/// @param x        [n]
/// @returns        [n]
std::vector<double> activation(ActivationFunction function, std::span<const float> x);

/// y[r, c] = silu(gate_up[r, c]) · gate_up[r, columns + c] with silu(x) = x / (1 + e⁻ˣ).
/// @param gate_up  [rows, 2 · columns]: in each row first the gates, then the ups
/// @param extent   rows and columns of y
/// @param function what stands in silu's place
/// @returns        [rows, columns]
/// @throws std::invalid_argument when gate_up is not rows · 2 · columns long
std::vector<double> swiglu(std::span<const float> gate_up, Extent extent,
                           ActivationFunction function = ActivationFunction::silu);

}  // namespace t2t::lab::reference
