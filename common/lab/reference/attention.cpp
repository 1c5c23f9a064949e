#include "common/lab/reference/attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

namespace {

double dot(const float* a, const float* b, std::int64_t n) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

}  // namespace

std::vector<double> attention(std::span<const float> q, std::span<const float> keys,
                              std::span<const float> values, std::int64_t start,
                              const AttentionSizes& sizes) {
    const auto [heads, kv_heads, head_dim, window, scale] = sizes;
    require(heads >= 1 && kv_heads >= 1 && head_dim >= 1 && heads % kv_heads == 0,
            "attention: there must be heads, and kv_heads must divide them");
    const std::int64_t queries = static_cast<std::int64_t>(q.size()) / (heads * head_dim);
    require(static_cast<std::int64_t>(q.size()) == queries * heads * head_dim,
            "attention: q must hold whole queries");
    require(keys.size() == values.size(), "attention: keys and values must have the same length");
    require(static_cast<std::int64_t>(keys.size()) >= (start + queries) * kv_heads * head_dim,
            "attention: keys must hold start + queries positions");

    std::vector<double> out(q.size(), 0.0);
    for (std::int64_t i = 0; i < queries; ++i) {
        const std::int64_t last = start + i;
        const std::int64_t first = window > 0 ? std::max<std::int64_t>(0, last - window + 1) : 0;
        for (std::int64_t h = 0; h < heads; ++h) {
            const std::int64_t g = h / (heads / kv_heads);
            const std::int64_t row = (i * heads + h) * head_dim;
            std::vector<double> weights;
            for (std::int64_t j = first; j <= last; ++j) {
                const std::int64_t key = (j * kv_heads + g) * head_dim;
                weights.push_back(scale * dot(&q[row], &keys[key], head_dim));
            }
            const double largest = *std::ranges::max_element(weights);
            double total = 0;
            for (double& weight : weights) total += weight = std::exp(weight - largest);
            for (std::int64_t j = first; j <= last; ++j) {
                for (std::int64_t d = 0; d < head_dim; ++d) {
                    out[row + d] +=
                        weights[j - first] / total * values[(j * kv_heads + g) * head_dim + d];
                }
            }
        }
    }
    return out;
}

}  // namespace t2t::lab::reference
