#include "common/lab/bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

namespace t2t::lab {

double percentile(std::vector<double> samples, double fraction) {
    if (samples.empty()) throw std::invalid_argument("percentile: there are no samples");
    std::sort(samples.begin(), samples.end());
    const double place = fraction * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] + (place - std::floor(place)) * (samples[above] - samples[below]);
}

}  // namespace t2t::lab
