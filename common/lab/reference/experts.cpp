#include "common/lab/reference/experts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "common/lab/reference/activation.hpp"
#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool has_length(std::size_t length, std::int64_t wanted) {
    return length == static_cast<std::size_t>(wanted);
}

bool exists(std::int32_t expert, const ExpertsSizes& sizes) {
    return expert >= 0 && expert < sizes.experts;
}

}  // namespace

Routing route(std::span<const float> logits, std::int64_t experts, std::int64_t top_k) {
    require(experts >= 1 && logits.size() % static_cast<std::size_t>(experts) == 0,
            "route: logits must be whole rows");
    require(top_k >= 1 && top_k <= experts, "route: top_k must be from 1 to the experts");
    Routing routing;
    for (std::size_t at = 0; at < logits.size(); at += static_cast<std::size_t>(experts)) {
        const std::span<const float> row = logits.subspan(at, static_cast<std::size_t>(experts));
        std::vector<std::size_t> order(row.size());
        std::iota(order.begin(), order.end(), 0);
        const bool has_nan = std::ranges::any_of(row, [](float x) { return std::isnan(x); });
        if (!has_nan) {
            std::ranges::stable_sort(order,
                                     [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
        }
        order.resize(static_cast<std::size_t>(top_k));

        double sum = 0;
        for (const std::size_t e : order) sum += std::exp(double{row[e]} - row[order[0]]);
        for (const std::size_t e : order) {
            routing.chosen.push_back(static_cast<double>(e));
            routing.shares.push_back(has_nan ? nan
                                             : std::exp(double{row[e]} - row[order[0]]) / sum);
        }
    }
    return routing;
}

std::vector<double> experts_hidden(std::span<const float> x, std::span<const std::int32_t> chosen,
                                   std::span<const float> gate_up, const ExpertsSizes& sizes) {
    const auto [width, inner, experts, top_k, function] = sizes;
    require(width >= 1 && x.size() % static_cast<std::size_t>(width) == 0,
            "experts: x must be whole rows");
    const std::int64_t tokens = static_cast<std::int64_t>(x.size()) / width;
    require(has_length(chosen.size(), tokens * top_k), "experts: chosen must be tokens x top_k");
    require(has_length(gate_up.size(), experts * 2 * inner * width),
            "experts: gate_up must be experts x 2 inner x width");

    const auto product = [&, width = sizes.width](std::int64_t token,
                                                  std::int64_t row) {  // row of gate_up
        double sum = 0;
        for (std::int64_t k = 0; k < width; ++k) {
            sum += double{x[token * width + k]} * gate_up[row * width + k];
        }
        return sum;
    };
    std::vector<double> hidden;
    for (std::int64_t slot = 0; slot < tokens * top_k; ++slot) {
        const std::int32_t expert = chosen[slot];
        for (std::int64_t i = 0; i < inner; ++i) {
            if (!exists(expert, sizes)) {
                hidden.push_back(nan);
                continue;
            }
            const double gate = product(slot / top_k, expert * 2 * inner + i);
            const double up = product(slot / top_k, expert * 2 * inner + inner + i);
            hidden.push_back(activation(function, gate) * up);
        }
    }
    return hidden;
}

std::vector<double> experts(std::span<const float> x, std::span<const std::int32_t> chosen,
                            std::span<const float> shares, std::span<const float> gate_up,
                            std::span<const float> down, const ExpertsSizes& sizes) {
    const auto [width, inner, experts, top_k, function] = sizes;
    const std::vector<double> hidden = experts_hidden(x, chosen, gate_up, sizes);
    require(shares.size() == chosen.size(), "experts: shares must be as long as chosen");
    require(has_length(down.size(), experts * width * inner),
            "experts: down must be experts x width x inner");

    std::vector<double> y;
    for (std::int64_t token = 0; token < static_cast<std::int64_t>(x.size()) / width; ++token) {
        for (std::int64_t row = 0; row < width; ++row) {
            double sum = 0;
            for (std::int64_t slot = token * top_k; slot < (token + 1) * top_k; ++slot) {
                const std::int32_t expert = chosen[slot];
                if (!exists(expert, sizes)) {
                    sum = nan;
                    break;
                }
                double answer = 0;
                for (std::int64_t i = 0; i < inner; ++i) {
                    answer += hidden[slot * inner + i] * down[(expert * width + row) * inner + i];
                }
                sum += shares[slot] * answer;
            }
            y.push_back(sum);
        }
    }
    return y;
}

}  // namespace t2t::lab::reference
