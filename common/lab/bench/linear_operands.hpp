/// @file
/// Operands of a linear layer, for the benchmarks of matrix products.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::lab {

/// x, w and y of y[m, n] = x[m, k] · w[n, k]ᵀ, with random x and w.
template <typename T, typename Weight>
struct LinearOperands {
    std::int64_t n;                 ///< columns of y
    std::int64_t k;                 ///< columns of x and w
    std::vector<T> x;               ///< [m, k], what the device's copy holds
    std::vector<Weight> w;          ///< [n, k], likewise
    DeviceBuffer<T> x_device;       ///< [m, k]
    DeviceBuffer<Weight> w_device;  ///< [n, k]
    DeviceBuffer<float> y_device;   ///< [m, n]

    /// Random x and w, the same for the same seed; y as it comes.
    LinearOperands(std::int64_t m, std::int64_t n, std::int64_t k, std::uint64_t seed)
        : n(n),
          k(k),
          x(uniform<T>(m * k, -1, 1, 2 * seed)),
          w(uniform<Weight>(n * k, -1, 1, 2 * seed + 1)),
          x_device(x),
          w_device(w),
          y_device(static_cast<std::size_t>(m * n)) {}

    /// What is wrong with y, in one sentence; empty when it is right. See sampled_fault().
    std::string fault() const {
        // k roundings, growing like a random walk, of partial sums no larger than Σ|x·w|, which is
        // k / 4 on average.
        const auto products = static_cast<double>(k);
        const double tolerance =
            std::numeric_limits<float>::epsilon() * std::sqrt(products) * products / 4;
        return sampled_fault(
            y_device, [&](std::size_t i) { return expected(i); }, tolerance);
    }

 private:
    double expected(std::size_t i) const {
        const T* x_row = &x[i / static_cast<std::size_t>(n) * static_cast<std::size_t>(k)];
        const Weight* w_row = &w[i % static_cast<std::size_t>(n) * static_cast<std::size_t>(k)];
        double sum = 0;
        for (std::int64_t l = 0; l < k; ++l) {
            sum += double{static_cast<float>(x_row[l])} * static_cast<float>(w_row[l]);
        }
        return sum;
    }
};

}  // namespace t2t::lab
