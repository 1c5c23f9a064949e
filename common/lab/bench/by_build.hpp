/// @file
/// What differs between a build for a GPU and one for the CPU device.
#pragma once

namespace t2t::lab {

/// Whether this build is for the CPU device.
constexpr bool is_cpu_device() {
#if defined(T2T_DEVICE_CPU)
    return true;
#else
    return false;
#endif
}

/// How to measure: `gpu` in a build for a GPU, `cpu` in a build for the CPU device. A constant.
template <typename T>
constexpr T by_build(T gpu, T cpu) {
    return is_cpu_device() ? cpu : gpu;
}

}  // namespace t2t::lab
