#include "common/lab/reference/positions.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

namespace {

// Turns one head, [head_dim], by its token's position.
void turn(double* head, std::int32_t position, std::span<const float> frequencies) {
    const std::size_t half = frequencies.size();
    for (std::size_t i = 0; i < half; ++i) {
        const double angle = static_cast<float>(position) * frequencies[i];  // rounded to float
        const double first = head[i];
        const double second = head[i + half];
        head[i] = first * std::cos(angle) - second * std::sin(angle);
        head[i + half] = second * std::cos(angle) + first * std::sin(angle);
    }
}

}  // namespace

std::vector<double> learned_positions(std::span<const float> x, std::span<const float> table,
                                      std::span<const std::int32_t> positions, std::int64_t width) {
    require(width >= 1 && table.size() % static_cast<std::size_t>(width) == 0 &&
                x.size() == positions.size() * static_cast<std::size_t>(width),
            "learned_positions: x must hold a row for each position, and the table whole rows");
    const std::int64_t rows = static_cast<std::int64_t>(table.size()) / width;
    std::vector<double> y(x.begin(), x.end());
    for (std::size_t t = 0; t < positions.size(); ++t) {
        const bool known = 0 <= positions[t] && positions[t] < rows;
        for (std::int64_t c = 0; c < width; ++c) {
            y[t * width + c] +=
                known ? table[positions[t] * width + c] : std::numeric_limits<double>::quiet_NaN();
        }
    }
    return y;
}

Heads rope(std::span<const float> qkv, std::span<const std::int32_t> positions,
           std::span<const float> frequencies, std::int64_t heads, std::int64_t kv_heads,
           std::int64_t head_dim) {
    const std::int64_t width = (heads + 2 * kv_heads) * head_dim;
    require(qkv.size() == positions.size() * static_cast<std::size_t>(width),
            "rope: qkv must hold a row for each position");
    require(frequencies.empty() || static_cast<std::int64_t>(frequencies.size()) * 2 == head_dim,
            "rope: there must be a frequency for each pair");
    Heads result;
    for (std::size_t t = 0; t < positions.size(); ++t) {
        std::vector<double> row(qkv.begin() + t * width, qkv.begin() + (t + 1) * width);
        for (std::int64_t h = 0; h < heads + kv_heads; ++h) {
            turn(&row[h * head_dim], positions[t], frequencies);
        }
        const auto k = row.begin() + heads * head_dim;
        const auto v = k + kv_heads * head_dim;
        result.q.insert(result.q.end(), row.begin(), k);
        result.k.insert(result.k.end(), k, v);
        result.v.insert(result.v.end(), v, row.end());
    }
    return result;
}

}  // namespace t2t::lab::reference
