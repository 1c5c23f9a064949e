/// @file
/// Floating-point operations, counted.
#pragma once

#include <cstdint>

namespace t2t::observer {

/// Floating-point operations of one type, by thread.
struct Flops {
    std::uint64_t add = 0;  ///< additions and subtractions
    std::uint64_t mul = 0;
    std::uint64_t fma = 0;      ///< each is two operations
    std::uint64_t special = 0;  ///< divisions, square roots, and calls such as expf

    /// Operations as ncu's roofline counts them: additions, multiplications, and two for an fma.
    std::uint64_t total() const { return add + mul + 2 * fma; }
    Flops& operator+=(const Flops& more) {
        add += more.add;
        mul += more.mul;
        fma += more.fma;
        special += more.special;
        return *this;
    }
};

}  // namespace t2t::observer
