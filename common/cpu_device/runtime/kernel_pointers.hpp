/// @file
/// Kernels behind a `void*`: cudaLaunchKernel((void*)kernel, …) and the kernel nodes of graphs.
///
/// A `void*` has lost the parameter types that a kernel is called with. The translator therefore
/// passes what a program casts to `void*` through untyped(), which keeps them when it is a kernel.
#pragma once

#include <functional>
#include <tuple>
#include <utility>

#include "common/cpu_device/runtime/launch.hpp"

namespace t2t::cpu_device {

/// A launch that can run later and again, with its own copies of the arguments.
using KernelLaunch = std::function<cudaError_t(const LaunchConfiguration&)>;

/// Makes a launch of `kernel` from CUDA's array of pointers to the arguments.
using BindKernel = KernelLaunch (*)(const void* kernel, void** arguments);

template <typename... Parameters, std::size_t... I>
KernelLaunch bind_parameters(void (*kernel)(Parameters...), void** arguments,
                             std::index_sequence<I...>) {
    std::tuple<std::decay_t<Parameters>...> values{
        *static_cast<std::decay_t<Parameters>*>(arguments[I])...};
    return [kernel, values](const LaunchConfiguration& configuration) {
        return std::apply(
            [&](const auto&... value) {
                return launch(
                    "kernel", configuration, reinterpret_cast<const void*>(kernel),
                    [kernel](auto&... argument) { kernel(argument...); }, value...);
            },
            values);
    };
}
template <typename... Parameters>
KernelLaunch bind_kernel(const void* kernel, [[maybe_unused]] void** arguments) {
    return bind_parameters(reinterpret_cast<void (*)(Parameters...)>(const_cast<void*>(kernel)),
                           arguments, std::index_sequence_for<Parameters...>{});
}

void remember_kernel(const void* kernel, BindKernel bind);

/// @returns an empty function when `kernel` is no kernel that untyped() has seen
KernelLaunch bind_known_kernel(const void* kernel, void** arguments);

/// cudaLaunchKernel through a `void*`; cudaErrorInvalidResourceHandle when it is no kernel.
cudaError_t launch_known_kernel(const void* kernel, const LaunchConfiguration& configuration,
                                void** arguments);

/// What is cast to `void*`, as it is; a kernel is remembered.
template <typename T>
constexpr T&& untyped(T&& value) {
    return static_cast<T&&>(value);
}
template <typename... Parameters>
auto untyped(void (*kernel)(Parameters...)) {
    remember_kernel(reinterpret_cast<const void*>(kernel), &bind_kernel<Parameters...>);
    return kernel;
}

}  // namespace t2t::cpu_device
