#include "common/lab/reference/fused.hpp"

#include "common/lab/reference/normalization.hpp"

namespace t2t::lab::reference {

std::vector<float> to_floats(std::span<const double> values) {
    return {values.begin(), values.end()};
}

std::vector<double> norm(std::span<const float> x, std::span<const float> weight,
                         std::span<const float> bias, Extent extent, double epsilon) {
    return bias.empty() ? rms_norm(x, weight, extent, epsilon)
                        : layer_norm(x, weight, bias, extent, epsilon);
}

std::vector<double> norm_linear(std::span<const float> x, std::span<const float> weight,
                                std::span<const float> norm_bias, double epsilon,
                                std::span<const float> w, std::span<const float> linear_bias,
                                LinearShape shape) {
    const auto normed = to_floats(norm(x, weight, norm_bias, {shape.m, shape.k}, epsilon));
    return linear(normed, w, linear_bias, shape);
}

}  // namespace t2t::lab::reference
