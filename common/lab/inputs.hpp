/// @file
/// Test inputs: random, the same on every platform, with a mean and a spread that matter, and the
/// sizes that break kernels.
///
/// Inputs that are all equal hide a wrong index, inputs near 0 hide a wrong softmax. So every maker
/// takes its range, and the seed that a failing test prints.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab {

/// SplitMix64: a 64-bit counter through a mixing function, defined by integer arithmetic alone.
/// (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.)
class Random {
 public:
    /// The same seed gives the same numbers on every machine.
    explicit Random(std::uint64_t seed) : state_(seed) {}

    /// 64 random bits.
    std::uint64_t bits();
    /// A multiple of 2⁻⁵³ in [0, 1).
    double unit();
    /// Mean 0, deviation 1, by Box and Muller's transform.
    double normal();
    /// A whole number from low to high, both included.
    /// @throws std::invalid_argument when high < low or the range holds more than 2³² numbers
    std::int64_t integer(std::int64_t low, std::int64_t high);

 private:
    std::uint64_t state_;
};

/// The seed that tests use: the environment variable T2T_SEED, or a fixed one when it is not set.
/// @throws std::invalid_argument when T2T_SEED is not a whole number from 0 to 2⁶⁴ − 1
std::uint64_t test_seed();

/// `count` values of `draw()`, rounded to T. Types that are not arithmetic are made from float.
template <typename T, typename Draw>
std::vector<T> make_values(std::int64_t count, Draw draw) {
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        if constexpr (std::is_arithmetic_v<T>) {
            values.push_back(static_cast<T>(draw()));
        } else {
            values.push_back(T(static_cast<float>(draw())));
        }
    }
    return values;
}

/// `count` values spread evenly over [low, high].
/// @tparam T  float, double, or a type made from float such as __half
template <typename T = float>
std::vector<T> uniform(std::int64_t count, double low, double high, std::uint64_t seed) {
    Random random(seed);
    return make_values<T>(count, [&] { return low + (high - low) * random.unit(); });
}

/// `count` normally distributed values.
/// @tparam T  float, double, or a type made from float such as __half
template <typename T = float>
std::vector<T> normal(std::int64_t count, double mean, double deviation, std::uint64_t seed) {
    Random random(seed);
    return make_values<T>(count, [&] { return mean + deviation * random.normal(); });
}

/// `count` whole numbers from low to high, both included. As floats they make a sum exact, in
/// whatever order, while it stays below 2²⁴; as integers they are row numbers, tokens, expert ids.
/// @tparam T  float, an integer type, or a type made from float such as __half
/// @throws std::invalid_argument when high < low or the range holds more than 2³² numbers
template <typename T = float>
std::vector<T> integers(std::int64_t count, std::int64_t low, std::int64_t high,
                        std::uint64_t seed) {
    Random random(seed);
    return make_values<T>(count, [&] { return random.integer(low, high); });
}

/// Lengths that break kernels: 1, 2, around one warp, odd, prime, one past `tile`, and a realistic
/// one.
/// @param tile  elements that one block of the kernel under test handles
std::vector<std::int64_t> sizes(std::int64_t tile = 256);

/// Matrix shapes that break kernels. All but two have rows ≠ columns, so that one leading dimension
/// taken for the other shows.
/// @param tile  edge of the tile that one block of the kernel under test handles
std::vector<Extent> extents(std::int64_t tile = 32);

}  // namespace t2t::lab
