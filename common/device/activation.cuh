/// @file
/// The functions of activation.hpp in fp32, for kernels of which the caller chooses the function.
///
/// All threads of a launch are given the same function, so the switch costs a few instructions and no
/// divergence.
#pragma once

#include "common/device/activation.hpp"

namespace t2t {

/// x σ(steepness · x), with σ(x) = 1 / (1 + e⁻ˣ).
__device__ inline float sigmoid_gated(float x, float steepness) {
    return x / (1.0f + expf(-steepness * x));
}

/// function(x). NaN stays NaN.
__device__ inline float activate(ActivationFunction function, float x) {
    constexpr float tanh_scale = 0.7978845608f;  // √(2/π)
    constexpr float erf_scale = 0.7071067812f;   // 1/√2
    switch (function) {
        case ActivationFunction::gelu_tanh:
            return 0.5f * x * (1.0f + tanhf(tanh_scale * (x + 0.044715f * x * x * x)));
        case ActivationFunction::gelu_erf:
            return 0.5f * x * (1.0f + erff(erf_scale * x));
        case ActivationFunction::gelu_quick:
            return sigmoid_gated(x, 1.702f);
        case ActivationFunction::silu:
            return sigmoid_gated(x, 1.0f);
        case ActivationFunction::relu:
            return x < 0.0f ? 0.0f : x;
        case ActivationFunction::tanh:
            return tanhf(x);
    }
    return x;
}

}  // namespace t2t
