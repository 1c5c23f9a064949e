/// @file
/// The functions of one number that feed-forward layers are made with, by name.
#pragma once

#include <string_view>

namespace t2t {

/// A function of one number between two linear layers. activation.cuh computes them.
enum class ActivationFunction {
    gelu_tanh,   ///< ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GELU as GPT-2 has it
    gelu_erf,    ///< ½ x (1 + erf(x / √2)): GELU as it is defined
    gelu_quick,  ///< x σ(1.702 x), with σ(x) = 1 / (1 + e⁻ˣ)
    silu,        ///< x σ(x), also called swish
    relu,        ///< the larger of x and 0
    tanh,        ///< tanh(x)
};

/// Its name, for traces and messages.
constexpr std::string_view name_of(ActivationFunction function) {
    switch (function) {
        case ActivationFunction::gelu_tanh:
            return "gelu_tanh";
        case ActivationFunction::gelu_erf:
            return "gelu_erf";
        case ActivationFunction::gelu_quick:
            return "gelu_quick";
        case ActivationFunction::silu:
            return "silu";
        case ActivationFunction::relu:
            return "relu";
        case ActivationFunction::tanh:
            return "tanh";
    }
    return "unknown";
}

}  // namespace t2t
