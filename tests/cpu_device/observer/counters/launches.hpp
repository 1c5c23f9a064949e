/// @file
/// What `access_patterns` launches: kernels whose counters are known from the hardware.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/lab/inputs.hpp"

namespace t2t::counters {

/// One launch of one kernel.
struct Launch {
    std::string name;  ///< `global_load.float.stride_2`
    /// Makes operands, launches the kernel once, waits for it, and checks what it wrote.
    /// @throws std::runtime_error when the result is wrong: its counters would say nothing
    std::function<void()> run;
};

/// Loads and stores of global memory, each pattern once for each.
std::vector<Launch> global_launches();
/// Loads and stores of shared memory.
std::vector<Launch> shared_launches();
/// Atomic operations on global and on shared memory.
std::vector<Launch> atomic_launches();
/// Floating-point operations and divergent branches.
std::vector<Launch> arithmetic_launches();
/// Every rung of chapters 01 to 03, on the shapes that the CPU device uses.
std::vector<Launch> rung_launches();

/// `count` elements of random bytes. Kernels only copy them, so it does not matter what they mean.
template <typename Element>
std::vector<Element> random_elements(std::size_t count) {
    lab::Random random(count);
    std::vector<std::uint8_t> bytes(count * sizeof(Element));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.bits());
    std::vector<Element> elements(count);
    std::memcpy(elements.data(), bytes.data(), bytes.size());
    return elements;
}

/// @throws std::runtime_error when the elements differ in a bit
template <typename Element>
void require_same(const std::vector<Element>& actual, const std::vector<Element>& expected) {
    if (actual.size() == expected.size() &&
        std::memcmp(actual.data(), expected.data(), actual.size() * sizeof(Element)) == 0) {
        return;
    }
    throw std::runtime_error("the result is wrong, so its counters say nothing; mend the kernel");
}

}  // namespace t2t::counters
