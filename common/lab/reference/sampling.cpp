#include "common/lab/reference/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

std::vector<double> temperature(std::span<const float> logits, std::span<const float> temperatures,
                                Extent extent) {
    require(logits.size() == extent.count() &&
                temperatures.size() == static_cast<std::size_t>(extent.rows),
            "temperature: logits must be rows x vocabulary long, temperatures rows");
    std::vector<double> y;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        for (std::int64_t token = 0; token < extent.columns; ++token) {
            y.push_back(static_cast<double>(logits[row * extent.columns + token]) /
                        static_cast<double>(temperatures[row]));
        }
    }
    return y;
}

SortedTokens sort_tokens(std::span<const float> values, Extent extent) {
    require(values.size() == extent.count(),
            "sort_tokens: the values must be rows x vocabulary long");
    SortedTokens sorted;
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        const float* value = values.data() + row * extent.columns;
        std::vector<std::int64_t> order(static_cast<std::size_t>(extent.columns));
        std::iota(order.begin(), order.end(), 0);
        // Stable: what is not before the other stays in the order of columns.
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
            return (std::isnan(value[a]) && !std::isnan(value[b])) || value[a] > value[b];
        });
        for (const std::int64_t token : order) {
            sorted.values.push_back(value[token]);
            sorted.tokens.push_back(static_cast<double>(token));
        }
    }
    return sorted;
}

std::vector<double> draw(std::span<const float> cumulative, std::span<const std::int32_t> tokens,
                         std::span<const Rule> rules, Extent extent) {
    require(extent.columns >= 1, "draw: there must be a token");
    require(cumulative.size() == extent.count() && tokens.size() == extent.count() &&
                rules.size() == static_cast<std::size_t>(extent.rows),
            "draw: sums and tokens must be rows x vocabulary long, rules rows");
    std::vector<double> drawn;
    const auto columns = static_cast<std::size_t>(extent.columns);
    for (std::size_t row = 0; row < rules.size(); ++row) {
        const Rule& rule = rules[row];
        const auto sums = cumulative.subspan(row * columns, columns);

        const auto reaches = [&](float sum) { return sum >= rule.top_p; };
        const auto at = std::find_if(sums.begin(), sums.end(), reaches) - sums.begin();
        std::size_t kept = std::min(columns, static_cast<std::size_t>(at) + 1);
        if (rule.top_k > 0) kept = std::min(kept, static_cast<std::size_t>(rule.top_k));

        const double product = static_cast<double>(rule.uniform) * sums[kept - 1];
        const auto threshold = static_cast<float>(product);  // exact in float64, rounded once
        const auto first =
            std::find_if(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(kept),
                         [&](float sum) { return sum > threshold; });
        const auto place = static_cast<std::size_t>(first - sums.begin());
        const bool none = std::isnan(sums.back()) || place == kept;
        drawn.push_back(none ? -1 : tokens[row * columns + place]);
    }
    return drawn;
}

double Distribution::probability(std::size_t place) const {
    return cumulative[place] - (place == 0 ? 0 : cumulative[place - 1]);
}

float Distribution::top_p(std::size_t kept) const {
    return static_cast<float>(cumulative[kept - 1] - probability(kept - 1) / 2);
}

float Distribution::uniform(std::size_t place, std::size_t kept) const {
    return static_cast<float>((cumulative[place] - probability(place) / 2) / cumulative[kept - 1]);
}

Distribution distribution(std::span<const float> logits, double temperature) {
    require(!logits.empty(), "distribution: there must be a logit");
    require(temperature > 0, "distribution: the temperature must be above 0");
    Distribution result;
    result.tokens.resize(logits.size());
    std::iota(result.tokens.begin(), result.tokens.end(), 0);
    std::stable_sort(result.tokens.begin(), result.tokens.end(),
                     [&](std::int32_t a, std::int32_t b) { return logits[a] > logits[b]; });
    const double largest = logits[result.tokens.front()];
    double sum = 0;
    for (const std::int32_t token : result.tokens) {
        sum += std::exp((logits[token] - largest) / temperature);
        result.cumulative.push_back(sum);
    }
    for (double& value : result.cumulative) value /= sum;
    return result;
}

}  // namespace t2t::lab::reference
