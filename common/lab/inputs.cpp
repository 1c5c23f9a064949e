#include "common/lab/inputs.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace t2t::lab {

std::uint64_t Random::bits() {
    state_ += 0x9E3779B97F4A7C15;  // 2⁶⁴ / golden ratio, made odd
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

double Random::unit() {
    return static_cast<double>(bits() >> 11) * 0x1p-53;
}

double Random::normal() {
    const double radius = std::sqrt(-2 * std::log(1 - unit()));  // 1 − unit() is never 0
    return radius * std::cos(2 * std::numbers::pi * unit());
}

std::int64_t Random::integer(std::int64_t low, std::int64_t high) {
    constexpr std::uint64_t most = std::uint64_t{1} << 32;
    const std::uint64_t last = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (high < low || last >= most) {
        throw std::invalid_argument("random integers from " + std::to_string(low) + " to " +
                                    std::to_string(high) +
                                    ": give a range of 1 to 2^32 numbers, the lower end first");
    }
    // The high half of a 32-bit number times the range: even to one part in 2³² / range.
    const std::uint64_t draw = ((bits() >> 32) * (last + 1)) >> 32;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + draw);
}

std::uint64_t test_seed() {
    constexpr std::uint64_t usual = 20;
    const char* variable = std::getenv("T2T_SEED");
    if (variable == nullptr) return usual;
    const std::string_view text(variable);
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument("T2T_SEED is '" + std::string(text) +
                                    "'; set it to a whole number from 0 to 2^64 - 1");
    }
    return seed;
}

std::vector<std::int64_t> sizes(std::int64_t tile) {
    // A set: some tiles bring a length that is there already.
    const std::set<std::int64_t> lengths{1,    2,    31,   32,       33,           97,        255,
                                         1001, 4099, tile, tile + 1, 3 * tile + 5, 1024 * 768};
    return {lengths.begin(), lengths.end()};
}

std::vector<Extent> extents(std::int64_t tile) {
    return {{1, 1},
            {1, 2},
            {2, 1},
            {1, 33},
            {33, 1},
            {2, 31},
            {31, 32},
            {32, 33},
            {33, 65},
            {97, 101},
            {257, 130},
            {tile, tile},
            {tile, 2 * tile + 1},
            {tile + 1, 2 * tile},
            {768, 1024}};
}

}  // namespace t2t::lab
