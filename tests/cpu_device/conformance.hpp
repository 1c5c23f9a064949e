/// @file
/// What the conformance tests share: launch, wait, look at what every thread wrote.
///
/// The tests are CUDA programs built for both devices from the same files. On a GPU they establish that
/// an expectation is what CUDA does; on the CPU device, that it is faithful. Expected values come from
/// CUDA's documentation and from plain host loops.
#pragma once

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"

namespace t2t::conformance {

/// Which of the two devices this is, for the few tests that only one of them can run.
inline bool on_cpu_device() {
#if defined(T2T_DEVICE_CPU)
    return true;
#else
    return false;
#endif
}

/// All 32 lanes of a warp.
inline constexpr unsigned full_mask = 0xffffffffu;

/// Masks that are easy to get wrong: one lane, every second, pairs far apart, holes.
inline const std::vector<unsigned> masks = {full_mask,   0x00000001u, 0x80000000u, 0x55555555u,
                                            0xaaaaaaaau, 0x0f0f0f0fu, 0x7fffffffu, 0x80000001u,
                                            0x00010001u, 0xdeadbeefu};

/// Whether `mask` names `lane`.
__host__ __device__ constexpr bool names(unsigned mask, unsigned lane) {
    return (mask >> lane) & 1;
}

/// What `launch(out)` leaves in `count` elements of device memory, which start with every bit set: an
/// element that no thread wrote is -1, the largest unsigned number, or NaN.
template <typename T, typename Launch>
std::vector<T> collect(std::size_t count, Launch&& launch) {
    DeviceBuffer<T> out(count);
    T2T_CHECK(cudaMemset(out.data(), 0xff, out.bytes()));
    launch(out.data());
    T2T_CHECK(cudaGetLastError());
    T2T_CHECK(cudaDeviceSynchronize());
    return out.download();
}

/// `function(0)`, `function(1)`, … `function(count - 1)`: what collect() should return.
template <typename T, typename Function>
std::vector<T> tabulate(std::size_t count, Function&& function) {
    std::vector<T> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<T>(function(static_cast<int>(i)));
    return values;
}

/// An attribute of device 0.
inline int attribute(cudaDeviceAttr which) {
    int value = 0;
    T2T_CHECK(cudaDeviceGetAttribute(&value, which, 0));
    return value;
}

/// Major × 10 + minor of device 0's compute capability.
inline int compute_capability() {
    return attribute(cudaDevAttrComputeCapabilityMajor) * 10 +
           attribute(cudaDevAttrComputeCapabilityMinor);
}

}  // namespace t2t::conformance

/// Skips the test on a GPU that is older than `capability` (major × 10 + minor).
#define T2T_NEEDS_CAPABILITY(capability)                                        \
    if (::t2t::conformance::compute_capability() < (capability)) {              \
        GTEST_SKIP() << "needs compute capability " << (capability) / 10 << '.' \
                     << (capability) % 10;                                      \
    }
